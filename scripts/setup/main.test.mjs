// @module-tag slow
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = dirname(dirname(import.meta.dirname));
const main = join(import.meta.dirname, "main.mjs");
let folder;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "paddock-main-"));
  symlinkSync(process.execPath, join(folder, "node"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A script outside the repository, as a path from its root. */
function script(name, text) {
  writeFileSync(join(folder, name), text);
  return relative(root, join(folder, name));
}

const run = (args, environment = {}) =>
  spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });

describe("the set-up", () => {
  test("passes arguments on unchanged, and the exit code back", () => {
    const path = script(
      "echo.ts",
      "console.log(process.argv.slice(2).join('|')); process.exit(7);",
    );
    const { stdout, status } = run([
      "--quiet",
      "--skip",
      "system",
      "--then",
      path,
      "--quiet",
      "a b",
    ]);
    expect(stdout).toBe("--quiet|a b\n");
    expect(status).toBe(7);
  });

  test("runs the script with Node 24 and puts that Node in its PATH", () => {
    const text = "import { execSync } from 'node:child_process';";
    const path = script("node.ts", `${text} console.log(String(execSync('node --version')));`);
    const { stdout } = run(["--quiet", "--skip", "system", "--then", path]);
    expect(stdout).toMatch(/^v24\./);
  });

  test("passes a signal on and ends as the script does", async () => {
    const path = script(
      "wait.ts",
      "process.on('SIGTERM', () => process.exit(3)); setInterval(() => 0, 1000); console.log('up');",
    );
    const child = spawn(process.execPath, [main, "--quiet", "--skip", "system", "--then", path]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(3);
  });

  test.runIf(process.platform === "linux")("names all that is missing, and starts nothing", () => {
    const path = script("never.ts", "console.log('started');");
    const { stdout, stderr, status } = run(["--then", path], {
      PATH: folder,
      FIRESTORE_EMULATOR_JAR: "/nowhere.jar",
    });
    expect(stderr).toMatch(/bubblewrap .* is missing: install it/);
    expect(stderr).toMatch(/util-linux .* is missing: install it/);
    expect(stderr).toContain("FIRESTORE_EMULATOR_JAR names no file: /nowhere.jar");
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });

  test("says nothing with --quiet when nothing is missing", () => {
    const { stdout, stderr, status } = run(["--quiet", "--skip", "system"]);
    expect([stdout, stderr, status]).toEqual(["", "", 0]);
  });
});
