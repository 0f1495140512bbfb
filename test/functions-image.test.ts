// @module-tag slow
/** The two programs of the functions' image, with functions that start faster than ours. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { repositoryRoot } from "../scripts/tools/repository.ts";

let app: string;

beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), "paddock-image-"));
  mkdirSync(join(app, "functions"));
  for (const name of ["start.cjs", "compile.cjs"]) {
    cpSync(join(repositoryRoot, "images/functions", name), join(app, name));
  }
});

afterEach(() => rmSync(app, { recursive: true, force: true }));

function addFunction(name: string, text: string): void {
  writeFileSync(join(app, "functions", `${name}.cjs`), text);
}

function run(program: "start" | "compile", environment: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(app, `${program}.cjs`)], {
    encoding: "utf8",
    env: environment,
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe("start.cjs", () => {
  test("runs the function that FUNCTION_TARGET names", () => {
    addFunction("things", 'console.log("things run");');
    addFunction("others", 'console.log("others run");');
    expect(run("start", { FUNCTION_TARGET: "things" }).stdout).toBe("things run\n");
  });

  test.each([
    ["nothing", {}],
    ["a function that isn't in the image", { FUNCTION_TARGET: "thing" }],
    ["a path", { FUNCTION_TARGET: "../start" }],
    ["a bundle's file", { FUNCTION_TARGET: "things.cjs" }],
  ])("refuses %s in one sentence that says what there is", (_what, environment) => {
    addFunction("things", 'console.log("things run");');
    addFunction("others", "");
    const { status, stdout, stderr } = run("start", environment);
    expect(status).toBe(1);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      severity: "CRITICAL",
      message: expect.stringMatching(/which is no function: this image has others, things\.$/),
    });
  });
});

describe("compile.cjs", () => {
  const server = (atTheEnd: string) => `
    const { createServer } = require("node:http");
    const { PORT, PADDOCK_BIND } = process.env;
    if (PORT === undefined) console.log("things run");
    else createServer((_request, response) => response.end("here")).listen(PORT, PADDOCK_BIND);
    process.once("SIGTERM", () => ${atTheEnd});`;
  const nodeOptions = "--max-old-space-size=128";
  const writeList = () => {
    const list = { functions: { things: { nodeOptions } } };
    writeFileSync(join(app, "functions.json"), JSON.stringify(list));
  };

  test("leaves compiled code that the function's start then uses", () => {
    addFunction("things", server("process.exit()"));
    writeList();
    const cache = join(app, "compiled");
    expect(run("compile", { NODE_COMPILE_CACHE: cache })).toMatchObject({
      status: 0,
      stdout: "compiled things\n",
    });
    const files = readdirSync(cache, { recursive: true, withFileTypes: true });
    // Compiled code of the program, the start module and the function.
    expect(files.filter((entry) => entry.isFile())).toHaveLength(3);
    const start = { FUNCTION_TARGET: "things", NODE_OPTIONS: nodeOptions };
    expect(run("start", { ...start, NODE_COMPILE_CACHE: cache }).stdout).toBe("things run\n");
  });

  test("fails with a sentence if a function doesn't end in order: it kept nothing then", () => {
    addFunction("things", server("process.exit(3)"));
    writeList();
    const { status, stderr } = run("compile", { NODE_COMPILE_CACHE: join(app, "compiled") });
    expect(status).toBe(1);
    expect(stderr).toBe("things doesn't end in order when told to: 3.\n");
  });

  test("fails with a sentence if a function doesn't start", () => {
    addFunction("things", "process.exit(3);");
    writeList();
    const { status, stderr } = run("compile", { NODE_COMPILE_CACHE: join(app, "compiled") });
    expect(status).toBe(1);
    expect(stderr).toBe("things doesn't start: it answers nobody.\n");
  });
});

test("a start says when no compiled code fits it", () => {
  addFunction("things", "");
  const start = { FUNCTION_TARGET: "things", NODE_COMPILE_CACHE: join(app, "compiled") };
  expect(run("start", start).stdout).toContain("Nothing compiled fits this process");
});
