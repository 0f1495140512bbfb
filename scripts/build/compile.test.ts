// @module-tag slow
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../tools/repository.ts";
import { bundle } from "./bundle.ts";

/** A program in the form of the runner's, which reports how far its start has come. */
const source = `
import { basename } from "node:path";
console.log("evaluated");
export function main() { console.log("began", basename(process.argv[1]), process.argv[2]); }`;
const flags = ["--max-old-space-size=192", "--max-semi-space-size=2"];
const names = ["launcher", "init"];

let root: string;
const file = (name: string) => join(root, "out/runner", name);

function start(name: string) {
  return spawnSync(process.execPath, [...flags, file(`${name}.cjs`), "told"], { encoding: "utf8" });
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "paddock-compiled-"));
  symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
  for (const path of ["tsconfig.json", "package.json", "runner/start-compiled.ts"]) {
    cpSync(join(repositoryRoot, path), join(root, path));
  }
  for (const name of names) mkdirSync(join(root, "runner", name));
  writeFileSync(join(root, "runner/launcher/main.ts"), source);
  writeFileSync(join(root, "runner/init/main.ts"), "export const another = 1;");
  const entries = names.map((name) => ({
    output: `runner/${name}`,
    source: `runner/${name}/main.ts`,
    kind: "compiled" as const,
  }));
  await bundle(root, "out", entries);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a compiled program", () => {
  test("begins once it is started, with its arguments", () => {
    expect(start("launcher").stdout).toBe("evaluated\nbegan launcher.cjs told\n");
  });

  test("is taken as it was compiled, under the runner's flags too", () => {
    const look = `
      const { readFileSync } = require("node:fs");
      const { constants, Script } = require("node:vm");
      const [, code, cache] = process.argv;
      const { cachedDataRejected } = new Script(readFileSync(code, "latin1"), {
        filename: code,
        cachedData: readFileSync(cache),
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      console.log(cachedDataRejected);`;
    const made = [file("launcher.code.js"), file("launcher.code.cache")];
    const took = (settings: readonly string[]) =>
      spawnSync(process.execPath, [...settings, "--eval", look, ...made], { encoding: "utf8" });
    expect(took([]).stdout).toBe("false\n");
    expect(took(flags).stdout).toBe("false\n");
    // V8 rejects the cache if its flags differ, and compiles again.
    expect(took(["--no-opt"]).stdout).toBe("true\n");
  });

  test.each<[string, () => void]>([
    ["garbage", () => writeFileSync(file("launcher.code.cache"), "garbage")],
    ["nothing", () => writeFileSync(file("launcher.code.cache"), "")],
    ["another program's", () => cpSync(file("init.code.cache"), file("launcher.code.cache"))],
    ["missing", () => rmSync(file("launcher.code.cache"))],
  ])("is compiled again where what was kept is %s", (_what, spoil) => {
    const kept = readFileSync(file("launcher.code.cache"));
    spoil();
    const started = start("launcher");
    writeFileSync(file("launcher.code.cache"), kept);
    expect(started.stdout).toContain("began launcher.cjs told\n");
  });

  test("that has no main fails, instead of ending as if all were done", () => {
    const { status, stderr } = start("init");
    expect(status).toBe(1);
    expect(stderr).toContain("has no main");
  });
});
