/** EXE-8: what isn't proven isn't there, and then nothing is run. F6: never silently. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sandboxModes } from "../../runner/sandbox/arguments.ts";
import { claimFor } from "./support/gateway.ts";
import { execute, runnerPrograms } from "./support/host.ts";

const options = { timeout: 30_000 };

/** The deployed programs with one thing changed in the launcher. */
async function altered(from: string, to: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "paddock-altered-"));
  cpSync(await runnerPrograms(), folder, { recursive: true });
  const file = join(folder, "launcher.cjs");
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replaceAll(from, to));
  return folder;
}

async function refusal(folder: string, mode: "A" | "B") {
  const program = join(folder, "launcher.cjs");
  const run = await execute(claimFor("echo ran > file; echo ran"), mode, { program });
  rmSync(folder, { recursive: true, force: true });
  expect(run.gateway.settled).toMatchObject({
    outcome: "failed",
    reason: "isolation_unavailable",
    exitCode: null,
  });
  expect(run.gateway.settled?.output).not.toContain("ran");
  expect(run.leftovers).toEqual([]);
  return run.host.log();
}

describe.each(sandboxModes)("EXE-8 in mode %s nothing runs without", options, (mode) => {
  test.each([
    ["a network of its own", '"net",', "", /network-interfaces|metadata-server/],
    ["a read-only root", '"--remount-ro","/"]', '"--remount-ro","/proc"]', /write-root/],
    ["a read-only /dev", '"--remount-ro","/dev"', '"--remount-ro","/proc"', /write-dev/],
    ["a read-only /proc/sys", '["/proc/sys",', "[", /write-proc-sys/],
    ["an empty environment", '"--clearenv"', '"--setenv","LEAKED","1"', /inherited-environment/],
    ["a process limit", '"pids.max",value:`${', '"pids.max",value:`1${', /processesMax/],
    ["a memory limit", ".memoryBytes}`", ".memoryBytes}0`", /memoryBytes/],
  ])("%s", async (_name, from, to, seen) => {
    expect(await refusal(await altered(from, to), mode)).toMatch(seen);
  });

  test("an answer to each question: one that isn't tried counts as open", async () => {
    const log = await refusal(await altered("userfaultfd:{", "forgotten:{"), mode);
    expect(log).toContain("userfaultfd: not proven");
  });
});
