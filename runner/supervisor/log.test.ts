// @module-tag slow
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "../supervisor.ts");
/** What a library might say while the supervisor runs. */
const library = `process.on("exit", () => {
  for (const name of ["warn", "error", "log", "info"]) console[name]("a stranger's words");
});`;

test("SEC-8 nothing but the supervisor's own lines is in its log", () => {
  const hook = `data:text/javascript,${encodeURIComponent(library)}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", hook, program], {
    env: {},
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(JSON.parse(stdout)).toMatchObject({ severity: "ERROR", message: "supervisor failed" });
  expect(stderr).toBe("");
});
