/** What the probe runs in a container of the runner's image, and how its output is read. */
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";
import { probeCommand } from "../../runner/launcher/mode.ts";

/** Begins each line of a finding; a log may hold other lines. */
const mark = "PADDOCK-PROBE";
/** A user that has nothing, as which a sandbox of the first mode starts. */
const uid = 65_532;

export interface Finding {
  readonly name: string;
  readonly holds: boolean;
  /** What was seen, in a few words. */
  readonly seen: string;
}

/** In the order of the looks; each is one line of shell, which fails if it isn't so. */
const looks: readonly (readonly [name: string, command: string])[] = [
  ["root", '[ "$(id -u)" = 0 ] && uname -r'],
  ...sandboxModes.map((mode): [string, string] => [
    nameOf(mode),
    quoted(probeCommand(mode, uid)).concat(" && echo works"),
  ]),
  ["mount", "unshare -m sh -c 'mount -t tmpfs none /mnt && echo tmpfs'"],
  [
    "cgroups",
    "for at in /sys/fs/cgroup/memory /sys/fs/cgroup; do mkdir $at/paddock-probe 2>/dev/null && rmdir $at/paddock-probe && echo $at && exit 0; done; exit 1",
  ],
  ["seccomp", "grep -s '^Seccomp_filters' /proc/self/status || grep '^Seccomp' /proc/self/status"],
  ["token", `node -e '${tokenScript()}'`],
  [
    "no-metadata-inside",
    "! bwrap --unshare-net --ro-bind / / --dev /dev --proc /proc curl -sm 3 http://169.254.169.254/ && echo closed",
  ],
  ["dns", "getent ahostsv4 storage.googleapis.com | head -1 | cut -d' ' -f1 | grep ."],
];

/** What the probe says something about, besides `started`. */
export const lookNames: readonly string[] = looks.map(([name]) => name);

function nameOf(mode: SandboxMode): string {
  return `mode-${mode}`;
}

function tokenScript(): string {
  const address =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=https://probe.example";
  return [
    `fetch("${address}", { headers: { "metadata-flavor": "Google" } })`,
    ".then((answer) => answer.text().then((text) =>",
    ' text.split(".").length === 3 ? console.log("identity token") : process.exit(1)))',
    ".catch(() => process.exit(1))",
  ].join("");
}

function quoted(words: readonly string[]): string {
  return words.map((word) => (/^[\w/.:=-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

/** @returns A program for `sh -c`, which ends with 0 whatever it finds. */
export function probeScript(): string {
  const lines = looks.map(
    ([name, command]) =>
      `if seen=$( (${command}) 2>&1 ); then say ${name} yes "$seen"; else say ${name} no "$seen"; fi`,
  );
  return [
    `say() { echo "${mark} $1 $2 $(printf %s "$3" | tr '\\n' ' ' | cut -c1-160)"; }`,
    'say started yes "$(date +%s%3N)"',
    ...lines,
    "say ended yes ok",
  ].join("\n");
}

/** @returns The findings among the lines of a log, in the script's order; null before its end. */
export function readFindings(lines: readonly string[]): readonly Finding[] | null {
  const found = new Map(
    lines.flatMap((line) => {
      const [, name = "", holds, seen = ""] =
        /^PADDOCK-PROBE (\S+) (yes|no) ?(.*)$/.exec(line) ?? [];
      return name === "" ? [] : [[name, { name, holds: holds === "yes", seen: seen.trim() }]];
    }),
  );
  if (!found.has("ended")) return null;
  return ["started", ...looks.map(([name]) => name)].flatMap((name) => found.get(name) ?? []);
}

/** What follows for a deployment: which mode of the sandbox, or why there would be none. */
export function verdict(findings: readonly Finding[]): { runs: boolean; sentence: string } {
  const holds = (name: string) => findings.some((one) => one.name === name && one.holds);
  const mode = sandboxModes.find((each) => holds(nameOf(each)));
  const needed = ["root", "mount", "cgroups", "token", "no-metadata-inside", "dns"];
  const missing = needed.filter((name) => !holds(name));
  if (mode === undefined) missing.unshift("either mode of the sandbox");
  if (missing.length > 0 || mode === undefined) {
    return {
      runs: false,
      sentence: `No execution would run here: ${missing.join(", ")} is missing.`,
    };
  }
  return { runs: true, sentence: `Executions would run here, in mode ${mode} of the sandbox.` };
}
