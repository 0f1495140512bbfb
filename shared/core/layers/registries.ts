/** Where builds get packages from: the only hosts that a build may reach. */

export interface Registries {
  /** A Python index in the simple format (PEP 503). */
  readonly python: string;
  readonly node: string;
  /**
   * Lines of `sources.list`; `SUITE` stands for the release's name. Packages are fetched without
   * TLS, since what is fetched is checked against signatures.
   */
  readonly system: readonly string[];
  /** Hosts and ports of all of them, with those that they send clients to. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
}

const signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";

export const publicRegistries: Registries = {
  python: "https://pypi.org/simple",
  node: "https://registry.npmjs.org/",
  system: [
    `deb ${signed} http://deb.debian.org/debian SUITE main`,
    `deb ${signed} http://deb.debian.org/debian SUITE-updates main`,
    `deb ${signed} http://deb.debian.org/debian-security SUITE-security main`,
  ],
  hosts: [
    { host: "pypi.org", port: 443 },
    { host: "files.pythonhosted.org", port: 443 },
    { host: "registry.npmjs.org", port: 443 },
    { host: "deb.debian.org", port: 80 },
  ],
};
