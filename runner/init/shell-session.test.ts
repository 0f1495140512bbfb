import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ShellSession } from "./shell-session.ts";

const settings = { do: "shell", environment: {}, refusingPort: null } as const;

/** A shell in a folder of its own, which is removed when the test has ended. */
function newShell() {
  const home = mkdtempSync(join(tmpdir(), "shell-"));
  const session = new ShellSession(
    () => [],
    () => undefined,
    home,
  );
  onTestFinished(() => {
    session.close();
    for (const path of [home, "/tmp/.command.sh"]) rmSync(path, { recursive: true, force: true });
  });
  const run = async (command: string) => {
    let output = "";
    const call = { ...settings, command, timeoutMs: 20_000, outputBytesMax: 10_000 };
    const end = await session.run(call, (piece) => {
      output += Buffer.from(piece).toString("utf8");
    });
    return { ...end, output };
  };
  return { home, run };
}

test("a folder whose name isn't UTF-8 costs one command and not the shell", async () => {
  const { home, run } = newShell();
  await run("mkdir $'a\\xff' && cd $'a\\xff'");
  expect(await run("exit 3")).toMatchObject({ end: "shell_ended", status: 3 });
  await run("true");
  expect(await run("pwd")).toMatchObject({ end: "done", status: 0, output: `${home}\n` });
});

test.each([
  ["false; continue", 0],
  ["[ -f missing ] || continue", 0],
  ["printf() { :; }; read() { return 1; }; false", 1],
  ["set -u; IFS=x", 0],
  ["true", 0],
])("a shell says when %j has ended, and lives on", async (command, status) => {
  const { run } = newShell();
  expect(await run(`kept=here; ${command}`)).toMatchObject({ end: "done", status });
  expect(await run('echo "$kept"')).toMatchObject({ end: "done", status: 0, output: "here\n" });
});

test("a command that ends the loop ends its shell", async () => {
  expect(await newShell().run("break")).toMatchObject({ end: "shell_ended" });
});
