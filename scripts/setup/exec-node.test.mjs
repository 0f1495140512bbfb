import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test("a command prints no warning of a feature that its libraries try, and all others", () => {
  const root = mkdtempSync(join(tmpdir(), "paddock-exec-"));
  const program = `
    process.emitWarning("a new method", "ExperimentalWarning");
    process.emitWarning("too many listeners");
    process.exitCode = process.argv.length;`;
  writeFileSync(join(root, "command.mjs"), program);
  const order = { root, node: process.execPath, script: "command.mjs", args: ["--one"] };
  const start = join(import.meta.dirname, "exec-node.mjs");
  const text = `import { handOver } from ${JSON.stringify(start)}; handOver(${JSON.stringify(order)});`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(stderr).not.toContain("a new method");
  expect(stderr).toContain("too many listeners");
  expect(status).toBe(3);
});
