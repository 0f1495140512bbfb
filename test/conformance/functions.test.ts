/**
 * Functions as separate processes: started from bundles, restarted, and ended with this process.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "../../local/functions/free-ports.ts";
import { type Functions, startFunctions } from "../../local/functions/functions.ts";
import { FunctionManifest } from "../../local/functions/manifest.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { wholeLines } from "../kit/log-lines.ts";

const server = `
  console.log(JSON.stringify({ message: "started", pid: process.pid }));
  console.error("not json");
  require("node:http").createServer((request, response) => {
    if (request.url === "/crash") process.exit(3);
    response.end(JSON.stringify(process.env));
  }).listen(process.env.PORT, process.env.PADDOCK_BIND);
  process.on("SIGTERM", () => { console.log('{"message":"ending"}'); process.exit(0); });`;

let folder: string;
let functions: Functions | undefined;
let notices: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "functions-"));
  mkdirSync(join(folder, "dist"));
  notices = [];
});
afterEach(async () => {
  await functions?.stop();
  functions = undefined;
  rmSync(folder, { recursive: true });
});

async function startOne(source: string): Promise<Functions> {
  writeFileSync(join(folder, "dist", "stub.cjs"), source);
  const limits = { timeoutSeconds: 60 };
  const stub = { visibility: "edge", bundle: "stub.cjs", limits, routes: [] };
  const [port = 0] = await freePorts(1);
  functions = await startFunctions({
    manifest: FunctionManifest.parse({ functions: { stub } }),
    distFolder: join(folder, "dist"),
    logFolder: join(folder, "logs"),
    environment: { PATH: "/usr/bin:/bin", SETTING: "1" },
    firestoreHost: (name) => `127.0.0.1:${name.length}`,
    ports: { stub: port },
    onNotice: (sentence) => notices.push(sentence),
  });
  return functions;
}

async function ask(path = "/"): Promise<Record<string, string>> {
  const answer = await fetch(`http://127.0.0.1:${functions?.portOf("stub")}${path}`);
  return Object(await answer.json());
}

const log = () =>
  wholeLines(join(folder, "logs", "stub.jsonl")).map((line) => Object(JSON.parse(line)));
const pids = () => log().flatMap((entry) => entry.pid ?? []);

test("a function gets its settings and nothing of this process's", async () => {
  await startOne(server);
  const { PORT, PWD, ...rest } = await ask();
  expect(rest).toEqual({
    PATH: "/usr/bin:/bin",
    SETTING: "1",
    PADDOCK_BIND: "127.0.0.1",
    FUNCTION_TARGET: "stub",
    FIRESTORE_EMULATOR_HOST: "127.0.0.1:4",
  });
});

test("what it prints is in its log, one JSON entry a line", async () => {
  await startOne(server);
  expect(await pollUntil(() => log().length === 2, 60_000)).toBe(true);
  expect(log()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ message: "started" }),
      expect.objectContaining({ severity: "ERROR", message: "not json" }),
    ]),
  );
});

test.each(["it crashes", "it is killed"])("when %s it says so and comes back", async (how) => {
  const running = await startOne(server);
  if (how === "it crashes") await ask("/crash").catch(() => undefined);
  else await running.kill("stub");
  expect(await pollUntil(() => notices.at(-1) === "The function stub is back.", 60_000)).toBe(true);
  expect(notices[0]).toContain(how === "it crashes" ? "code 3" : "SIGKILL");
  expect(await ask()).toMatchObject({ SETTING: "1" });
  expect(new Set(pids()).size).toBe(2);
});

test("a restart is orderly and keeps the port", async () => {
  const running = await startOne(server);
  const port = running.portOf("stub");
  await running.restart("stub");
  expect(running.portOf("stub")).toBe(port);
  expect(log()).toContainEqual(expect.objectContaining({ message: "ending" }));
  expect(notices).toEqual([]);
});

test("one that can't start fails the start, with its last words", async () => {
  const starting = startOne('console.error("no pepper"); process.exit(1)');
  await expect(starting).rejects.toThrow(/stub doesn't start:\s+no pepper/);
});

test("a bundle that lacks a setting says so in a line, not with its whole source", () => {
  const bundle = join(repositoryRoot, "dist/functions/threads.cjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle], {
    env: { PORT: "0", GOOGLE_CLOUD_PROJECT: "paddock-local" },
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([1, ""]);
  const { message, cause } = JSON.parse(stdout);
  expect([message, cause]).toEqual([
    "threads can't start",
    expect.stringContaining("PADDOCK_PEPPERS_FILE is not set"),
  ]);
});

test("after stop none is left", async () => {
  const running = await startOne(server);
  expect(await pollUntil(() => pids().length === 1, 60_000)).toBe(true);
  await running.stop();
  const [pid] = pids();
  expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/);
});
