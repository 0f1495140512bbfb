/**
 * Attempts on the programs around the sandbox: what they save, restore, read and wait for. Each
 * must fail with the real runner, and work with one whose source lacks the defence (that half only
 * on request).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { manifestOf } from "#shared/core/workspace/manifest";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { claimFor, controlToken, type FakeGateway } from "../kit/sandbox/gateway.ts";
import { execute, type Host } from "../kit/sandbox/host.ts";
import { type Alteration, runnerPrograms } from "../kit/sandbox/programs.ts";
import { triesEveryRow } from "../kit/shard.ts";

const supervisor = (name: string) => `runner/supervisor/${name}.ts`;

/** How long a runner is waited for: on a slow machine, or where it can't but be stuck. */
const waitMsMax = { usually: 60_000, stuck: 6_000 };
const leak = "root:x:0:0:root:/root";

interface Attempt {
  readonly name: string;
  readonly control: string;
  readonly script: string;
  /** Each defence alone contains it. */
  readonly behind: Readonly<Record<string, Alteration>>;
  /** Whether a runner that lacks the defences never ends. */
  readonly sticks?: true;
  readonly wallClockMs?: number;
  readonly prepare?: (gateway: FakeGateway) => void;
  /** Runs from the first output on; a runner that hasn't ended afterwards is killed. */
  readonly during?: (gateway: FakeGateway, host: Host) => void;
  readonly escaped: (gateway: FakeGateway, host: Host) => boolean;
}

const attempts: readonly Attempt[] = [
  {
    name: "a repository whose configuration runs a program",
    control: "EXE-4",
    script: "git init -q . && git config core.fsmonitor 'id -u >who; false'; echo started",
    behind: {
      "git in the sandbox alone": {
        file: supervisor("kept-workspace"),
        find: "const scan = await scanWorkspace(",
        replace: `require("node:child_process").spawnSync("/usr/bin/git", ["-C", folder, "status"]);
          const scan = await scanWorkspace(`,
      },
    },
    escaped: (gateway) => paths(gateway).includes("who"),
  },
  {
    name: "a link to a file of the machine, to be saved",
    control: "EXE-2",
    script: "ln -s /etc/passwd leak; echo started",
    behind: {
      "links are looked at": {
        file: supervisor("scan-workspace"),
        find: "const stats = lstatSync(target);",
        replace: 'const stats = require("node:fs").statSync(target);',
      },
      "links aren't followed": {
        file: supervisor("scan-workspace"),
        find: "const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW);\n  let sizeBytes",
        replace: "const file = openSync(target, constants.O_RDONLY);\n  let sizeBytes",
      },
      "links aren't followed, the second time": {
        file: supervisor("scan-workspace"),
        find: "const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW);\n  try",
        replace: "const file = openSync(target, constants.O_RDONLY);\n  try",
      },
    },
    escaped: (gateway) =>
      [...gateway.objects.values()].some((bytes) => bytes.toString("latin1").includes(leak)),
  },
  {
    name: "a FIFO among the files, which nobody writes to",
    control: "EXE-5",
    sticks: true,
    script: "mkfifo pipe; echo started",
    behind: { "only files are read": readsAll() },
    escaped: (gateway) => gateway.settled === undefined,
  },
  {
    name: "a socket among the files, so that nothing is saved",
    control: "EXE-5",
    script: `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'
      echo kept >file; echo started`,
    behind: {
      "only files are read": readsAll(),
      "one odd file costs itself alone": {
        file: supervisor("scan-workspace"),
        find: ".catch((error: unknown) => this.#unreadable(path, error))",
        replace: "",
      },
    },
    escaped: (gateway) => gateway.settled?.workspace.state !== "saved",
  },
  {
    name: "a workspace that unpacks beside itself",
    control: "EXE-3",
    // What it has unpacked is looked at while it runs.
    script: "echo started; sleep 600",
    during: (_gateway, host) => host.kill("SIGTERM", "launcher"),
    behind: {
      "paths are confined": {
        file: "shared/core/workspace/manifest.ts",
        find: "refine(isConfined,",
        replace: 'refine((raw) => raw !== "",',
      },
      "a folder of a workspace is made, not used": {
        file: supervisor("fetch-workspace"),
        find: 'if (entry.type === "directory") mkdirSync(target);',
        replace: 'if (entry.type === "directory") mkdirSync(target, { recursive: true });',
      },
    },
    prepare: (gateway) => {
      const text = "planted";
      const sha256 = gateway.store(Buffer.from(text));
      const part = { pack: sha256, offsetBytes: 0, sizeBytes: text.length };
      const manifestSha256 = gateway.storeManifest(
        manifestOf([
          {
            path: "../supervisor/planted",
            type: "file",
            ...{ sha256, sizeBytes: text.length, mode: 0o644, modifiedAt: 0, parts: [part] },
          },
        ]),
      );
      if (gateway.claim !== undefined) gateway.claim = { ...gateway.claim, manifestSha256 };
    },
    escaped: (_gateway, { scratch }) => existsSync(join(scratch, "supervisor/planted")),
  },
  {
    name: "the supervisor's tokens, wherever they might be",
    control: "SEC-3",
    script: `echo started; (env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'
      find / -xdev -type f -size -9k -not -path '/usr/*' -exec cat {} +) 2>/dev/null |
      grep -ao '[c]ontrol-token' | head -1`,
    behind: {
      "tokens stay with the supervisor": {
        file: supervisor("sandbox-session"),
        find: "const environment = { ...proxy,",
        replace: "const environment = { ...proxy, TOKEN: this.#claimed.controlToken,",
      },
    },
    escaped: (gateway) => gateway.text().includes(controlToken),
  },
  {
    name: "a flood of output, on and on",
    control: "EXE-5",
    script: "echo started; yes",
    wallClockMs: 3_000,
    behind: {
      "output is counted": {
        file: supervisor("output"),
        find: "if (this.#seenBytes > streamBytesMax * runawayFactor) onRunaway();",
        replace: "void [onRunaway, runawayFactor];",
      },
    },
    escaped: (gateway) => gateway.settled?.reason !== "output_limit",
  },
  {
    name: "deafness to being asked to end",
    control: "EXE-5",
    sticks: true,
    script: "trap '' TERM; echo started; while :; do sleep 1; done",
    during: (_gateway, host) => host.kill("SIGTERM", "launcher"),
    behind: {
      "who doesn't end is ended": {
        file: supervisor("execution"),
        find: "await this.#session.stop().catch(() => undefined);",
        replace: "",
      },
    },
    escaped: (gateway) => gateway.settled === undefined,
  },
];

function readsAll(): Alteration {
  return {
    file: supervisor("scan-workspace"),
    find: "} else if (stats.isFile()) {",
    replace: "} else if (stats.nlink > 0) {",
  };
}

function paths(gateway: FakeGateway): string[] {
  if (gateway.settled?.workspace.state !== "saved") return [];
  return gateway.savedManifest().entries.map(({ path }) => path);
}

const rows: string[] = [];
let contained = 0;
let effective = 0;

afterAll(() => {
  const [total, tried] = [attempts.length, triesEveryRow ? attempts.length : 0];
  const counts = `${contained}/${total} contained, ${effective}/${tried} effective`;
  console.log([...rows, `${counts} without the defence`].join("\n"));
});

describe.each(["EXE-2", "EXE-3", "EXE-4", "EXE-5", "SEC-3"])("%s around the sandbox", (control) => {
  const own = attempts.filter((attempt) => attempt.control === control);

  test.concurrent.for(own)("$name", { timeout: 120_000 }, async (attempt, { expect }) => {
    const names = Object.keys(attempt.behind);
    const full = await escapes(attempt, []);
    const alone: string[] = [];
    for (const name of triesEveryRow && names.length > 1 ? names : []) {
      const others = names.filter((other) => other !== name);
      if (await escapes(attempt, others)) alone.push(name);
    }
    const freed = triesEveryRow ? await escapes(attempt, names) : null;
    if (!full && alone.length === 0) contained += 1;
    if (freed) effective += 1;
    const held = full ? "NOT CONTAINED" : "contained";
    const works = freed === null ? "not tried" : freed ? "effective" : "NOT EFFECTIVE";
    rows.push(
      [control, attempt.name.padEnd(52), held, works, `without: ${names.join(" + ")}`].join("  "),
    );
    expect({ full, alone }).toEqual({ full: false, alone: [] });
    expect(freed ?? true).toBe(true);
  });
});

/** Whether it works against a runner that lacks `missing`. */
async function escapes(attempt: Attempt, missing: readonly string[]): Promise<boolean> {
  const alterations = Object.entries(attempt.behind).filter(([name]) => missing.includes(name));
  const program = join(
    await runnerPrograms(...alterations.map(([, alteration]) => alteration)),
    "launcher.cjs",
  );
  const { script, prepare, during, wallClockMs, sticks, behind } = attempt;
  const isStuck = sticks && missing.length === Object.keys(behind).length;
  const msMax = isStuck ? waitMsMax.stuck : waitMsMax.usually;
  const claim = claimFor(script);
  const limits = { ...claim.limits, wallClockMs: wallClockMs ?? claim.limits.wallClockMs };
  let escaped = false;
  const run = await execute({ ...claim, limits }, "userns", {
    program,
    ...(prepare === undefined ? {} : { prepare }),
    during: async (gateway, host) => {
      const isOver = () => gateway.settled !== undefined || host.process.exitCode !== null;
      const hasBegun = () => gateway.text().includes("started") || isOver();
      expect(await pollUntil(hasBegun, msMax)).toBe(true);
      escaped =
        attempt.escaped(gateway, host) &&
        gateway.settled === undefined &&
        attempt.prepare !== undefined;
      during?.(gateway, host);
      const hasEnded = await pollUntil(isOver, msMax);
      escaped ||= attempt.escaped(gateway, host);
      if (!hasEnded) host.kill("SIGKILL", "launcher");
    },
  });
  expect(run.leftovers.filter((what) => /^(process|mount)/.test(what))).toEqual([]);
  return escaped;
}
