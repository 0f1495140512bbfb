import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Prints its child's process id and its temporary folder, then waits. */
const program = `
  import { startChild } from "${join(import.meta.dirname, "start-child.ts")}";
  import { temporaryFolder } from "${join(import.meta.dirname, "temporary-folder.ts")}";
  const folder = temporaryFolder("paddock-signal-");
  const child = startChild(["sleep", "60"], { timeout: 60_000, stdio: "ignore" });
  console.log(JSON.stringify({ folder, pid: child.pid }));`;

test("a signal ends the children first, and takes the temporary folders along", async () => {
  const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", program]);
  const [line] = await once(parent.stdout, "data");
  const { folder, pid } = JSON.parse(String(line));
  expect(existsSync(folder)).toBe(true);
  parent.kill("SIGTERM");
  const [code] = await once(parent, "exit");
  expect(code).toBe(143);
  expect(existsSync(folder)).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
