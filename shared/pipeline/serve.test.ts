// @module-tag slow
/** A separate process whose routes fail in ways that no real route should. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../local/functions/free-ports.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";

/** A value in each error's message, which must not be answered or logged. */
const secret = "sk-live-zyzy";
const source = `
  import * as z from "zod";
  import { serve } from "#shared/pipeline/serve";
  import { query } from "#shared/pipeline/route";
  const fault = () => { throw new Error("Received '${secret}'"); };
  const ends = Promise.withResolvers();
  ends.promise.then(fault);
  const made = (endpoint, read) => query({
    endpoint, summary: "", authenticate: "public", scope: "none", params: z.object({}),
    query: z.object({}), body: endpoint.startsWith("POST") ? z.object({}) : "none",
    bodyBytesMax: 100, limits: "none", reply: { 200: z.object({}) },
    read, answer: () => ({ status: 200, body: {} }),
  });
  serve({ name: "failing", routes: [
    made("GET /v1/throws", fault),
    made("GET /v1/text", () => { throw "${secret}"; }),
    made("GET /v1/later", () => new Promise(() => setImmediate(fault))),
    made("POST /v1/body", async () => null),
    made("GET /v1/ends", async () => { setImmediate(ends.resolve); }),
  ] });`;

let child: ChildProcess;
let baseUrl: string;
let log = "";

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  baseUrl = `http://127.0.0.1:${port}`;
  child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    env: { PORT: String(port), PADDOCK_BIND: "127.0.0.1", GOOGLE_CLOUD_PROJECT: "none" },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  const answers = () =>
    fetch(baseUrl).then(
      () => true,
      () => false,
    );
  expect(await pollUntil(answers, 9_000), log).toBe(true);
});
afterAll(() => {
  child.kill("SIGKILL");
});

async function refusalOf(path: string, sent: RequestInit = {}) {
  const answer = await fetch(baseUrl + path, sent);
  const text = await answer.text();
  expect(text).not.toContain("zyzy");
  return { status: answer.status, ...JSON.parse(text) };
}

describe("SEC-8 a function", () => {
  test.each(["/v1/throws", "/v1/text", "/v1/later"])(
    "answers what fails at %s as any failure of its own",
    async (path) => {
      const failed = { status: 500, code: "INTERNAL_ERROR", error: "Internal Server Error" };
      expect(await refusalOf(path)).toMatchObject(failed);
    },
  );

  test("doesn't quote a body that isn't JSON", async () => {
    const headers = { "content-type": "application/json" };
    const sent = { method: "POST", headers, body: `{"value":${secret}}` };
    expect(await refusalOf("/v1/body", sent)).toMatchObject({ code: "MALFORMED_JSON" });
  });

  test("names the methods of a path", async () => {
    expect(await refusalOf("/v1/body")).toMatchObject({
      message: "This path takes POST, and no other method.",
      details: { allowed: ["POST"] },
    });
  });

  test("ends at an uncaught error, and logs each by class and place only", async () => {
    const exited = once(child, "exit");
    await fetch(`${baseUrl}/v1/ends`).catch(() => null);
    expect((await exited)[0]).toBe(1);
    expect(log).not.toContain("zyzy");
    expect(log).toContain("failing ends: an error that nobody caught");
    expect(log.match(/"cause":"Error\\n {4}at /g)?.length).toBe(3);
  });
});
