/**
 * Which parts of the host's `/etc` a sandbox sees: what packages in `/usr` link to, and what C
 * libraries and languages read by a fixed name. Nothing in it tells whose machine this is.
 */
import {
  type Dirent,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The argument that makes the launcher print them while an image is built. */
export const etcNamesArgument = "etc-names";
/** Written when the runner's image is built, because its `/usr` doesn't change any more. */
const imageFile = "/usr/share/paddock/etc-names.txt";
/** On other machines packages change, so the result is valid while these haven't changed. */
const foundFile = "/run/paddock.etc-names";
const changing = ["/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/share", "/var/lib/dpkg/status"];

/** Names that libraries have built in. */
const known = [
  "alternatives",
  "ethertypes",
  "fonts",
  "ld.so.cache",
  "localtime",
  "magic",
  "magic.mime",
  "mime.types",
  "perl",
  "protocols",
  "rpc",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];

/**
 * These describe the machine and its users; they are hidden even where a shown name links to them.
 */
const ofTheMachine = new Set([
  ...["apt", "cron.d", "default", "environment", "environment.d", "group", "gshadow"],
  ...["hostname", "hosts", "init.d", "machine-id", "mtab", "fstab", "netplan", "network"],
  ...[
    "npmrc",
    "nsswitch.conf",
    "os-release",
    "pam.d",
    "passwd",
    "resolv.conf",
    "security",
    "shadow",
  ],
  ...["skel", "ssh", "ssl", "sudoers", "sudoers.d", "systemd"],
]);

/** Documentation and compiler files: a third of all files, without links into `/etc`. */
const skipped = new Set(["/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/include"]);

/** @returns Existing paths below `/etc`, in order; a folder stands for everything in it. */
export function readEtcNames(): string[] {
  if (existsSync(imageFile)) return readFileSync(imageFile, "utf8").trim().split("\n");
  const key = changing.map(changedAt).join(" ");
  const [foundKey, ...found] = existsSync(foundFile)
    ? readFileSync(foundFile, "utf8").trim().split("\n")
    : [];
  if (foundKey === key) return found;
  const names = findEtcNames("/");
  const written = `${foundFile}.${process.pid}`;
  mkdirSync(dirname(written), { recursive: true });
  writeFileSync(written, `${[key, ...names].join("\n")}\n`, { mode: 0o600 });
  renameSync(written, foundFile);
  return names;
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Checks every link below `usr` of the system whose root is `root`. */
export function findEtcNames(root: string): string[] {
  const linked = linksBelow(join(root, "usr"), root).flatMap((target) => partOf(target) ?? []);
  const names = [...new Set([...known, ...linked])].sort();
  return names.filter((name) => statSync(join(root, "etc", name), { throwIfNoEntry: false }));
}

/** The part of `/etc` to show for a link to `path`: its package's, or nothing. */
function partOf(path: string): string | null {
  const [, etc, name = ""] = path.split("/");
  if (etc !== "etc" || name === "" || ofTheMachine.has(name)) return null;
  return name;
}

/** The links' targets, as paths of that system. */
function linksBelow(folder: string, root: string): string[] {
  const targets: string[] = [];
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of entriesOf(next)) {
      const path = join(next, entry.name);
      if (entry.isSymbolicLink()) {
        targets.push(resolve("/", relative(root, dirname(path)), readlinkSync(path)));
      } else if (entry.isDirectory() && !skipped.has(path)) pending.push(path);
    }
  }
  return targets;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
