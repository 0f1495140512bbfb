/** Names and addresses that git is given. Those that it could take for an option are refused. */
import { matches, parseHost } from "../network/network-policy.ts";
import { parseOutgoingAddress } from "../network/outgoing-address.ts";

const forbidden = /[\s~^:?*[\\\p{Cc}]|\.\.|@\{|\/\/|^[-/.]|\/\.|\.$|\/$|\.lock(?:\/|$)/u;

/** Whether a branch can have that name: as git has it, and not beginning with a dash. */
export function isBranchName(name: string): boolean {
  if (name === "" || name === "@" || name === "HEAD" || Buffer.byteLength(name) > 200) return false;
  return name.isWellFormed() && !forbidden.test(name);
}

/** Whether a remote can have that name. */
export function isRemoteName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}$/.test(name) && isBranchName(name);
}

export interface GitAddress {
  readonly url: string;
  readonly scheme: "https" | "http";
  /** In the spelling that network policies have. */
  readonly host: string;
  readonly port: number;
}

/** @returns A sentence that says why, if git can't be sent there. */
export function parseGitAddress(text: string): GitAddress | string {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (isUrl ? !/^https?:/i.test(text) : /^[^/]+:/.test(text)) return onlyHttps;
  const url = parseOutgoingAddress(text, { schemes: "https or http", query: "refused" });
  if (typeof url === "string") {
    const hint = url.includes("password") ? " Bind a secret to the host instead." : "";
    return `It ${url}.${hint}`;
  }
  const scheme = url.protocol === "https:" ? "https" : "http";
  const host = parseHost(url.hostname);
  if (host === null) return "It isn't a repository's address.";
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  return { url: url.href, scheme, host: host.name, port };
}

const onlyHttps = "Git leaves a sandbox over https or http alone: write https://host/path.";

/** The folder that git itself would choose; null if the address names none. */
export function folderOfAddress({ url }: GitAddress): string | null {
  const path = decoded(new URL(url).pathname) ?? "";
  const last = path.split("/").findLast((part) => part !== "") ?? "";
  const name = last.endsWith(".git") ? last.slice(0, -4) : last;
  return name === "" ? null : name;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

interface Bindable {
  readonly key: string;
  readonly binding: {
    readonly hosts: readonly string[];
    readonly headers: readonly string[];
  } | null;
}

/**
 * The secret that is sent to a host: one bound to it by its name, else by a pattern. Bound secrets
 * only go to port 443 over TLS.
 */
export function secretFor(
  secrets: readonly Bindable[],
  { scheme, host, port }: GitAddress,
): string | null {
  if (scheme !== "https" || port !== 443) return null;
  const bound = secrets.filter(
    ({ binding }) => binding?.headers.includes("authorization") ?? false,
  );
  const exact = bound.find(({ binding }) => binding?.hosts.includes(host));
  const found =
    exact ?? bound.find(({ binding }) => binding?.hosts.some((one) => matches(one, host)));
  return found?.key ?? null;
}
