import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ShellSession } from "./shell-session.ts";

const settings = { do: "shell", environment: {}, refusingPort: null } as const;

test("a folder whose name isn't UTF-8 costs one command and not the shell", async () => {
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
  await run("mkdir $'a\\xff' && cd $'a\\xff'");
  expect(await run("exit 3")).toMatchObject({ end: "shell_ended", status: 3 });
  await run("true");
  expect(await run("pwd")).toMatchObject({ end: "done", status: 0, output: `${home}\n` });
});
