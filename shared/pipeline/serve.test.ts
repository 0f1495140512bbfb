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
  import { mintOwner } from "#shared/identity/owner";
  import { depsWithoutStore } from "#shared/pipeline/deps-without-store";
  import { confirmedAlready } from "#shared/pipeline/request-security";
  import { serve } from "#shared/pipeline/serve";
  import { query } from "#shared/pipeline/route";
  const fault = () => { throw new Error("Received '${secret}'"); };
  const ends = Promise.withResolvers();
  const breaks = Promise.withResolvers();
  ends.promise.then(fault);
  const made = (endpoint, read, authenticate = "public") => query({
    endpoint, summary: "", authenticate, scope: "none", params: z.object({}),
    query: z.object({}), body: endpoint.startsWith("POST") ? z.object({}) : "none",
    bodyBytesMax: 100, requestClass: "none", reply: { 200: z.object({}) },
    read, answer: () => ({ status: 200, body: {} }),
  });
  const later = () => new Promise(() => setImmediate(fault));
  const owner = mintOwner("user_" + "a".repeat(21), "development");
  const callers = {
    public: { type: "public", id: "public" },
    execution: { type: "runner", id: "a", owner },
  };
  const security = { authenticate: async (which) => confirmedAlready(callers[which]) };
  serve({ name: "failing", routes: [
    made("GET /v1/throws", fault),
    made("GET /v1/text", () => { throw "${secret}"; }),
    made("GET /v1/later", later),
    made("GET /v1/owners-later", later, "execution"),
    made("GET /v1/owners-next", async () => null, "execution"),
    made("POST /v1/body", async () => null),
    made("GET /v1/ends", async () => { setImmediate(ends.resolve); }),
    made("GET /v1/shares", async () => { breaks.promise.then(() => setImmediate(fault)); }),
    made("GET /v1/breaks", async () => { setImmediate(breaks.resolve); }),
  ] }, () => ({ deps: depsWithoutStore, security }));`;

interface Started {
  readonly child: ChildProcess;
  readonly baseUrl: string;
  readonly log: () => string;
}
let failing: Started;

async function start(): Promise<Started> {
  const [port = 0] = await freePorts(1);
  const baseUrl = `http://127.0.0.1:${port}`;
  let log = "";
  // An owner has a single place, so the next request waits for it in vain while it isn't free.
  const limits = { fairness: { aloneMax: 1, sharedMax: 1, waitMsMax: 100 } };
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    env: {
      ...{ PORT: String(port), PADDOCK_BIND: "127.0.0.1", GOOGLE_CLOUD_PROJECT: "none" },
      PADDOCK_LIMITS: JSON.stringify(limits),
    },
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
  expect(await pollUntil(answers, 40_000), log).toBe(true);
  return { child, baseUrl, log: () => log };
}

beforeAll(async () => {
  failing = await start();
});
afterAll(() => {
  failing.child.kill("SIGKILL");
});

/** @throws if it hasn't ended within seconds. */
async function exitCode({ child }: Started): Promise<unknown> {
  const [code] = await once(child, "exit", { signal: AbortSignal.timeout(40_000) });
  return code;
}

async function refusalOf(path: string, sent: RequestInit = {}) {
  const answer = await fetch(failing.baseUrl + path, sent);
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

  test("gives an owner's place back when a callback of the request throws", async () => {
    const headers = { authorization: "Bearer a" };
    expect(await refusalOf("/v1/owners-later", { headers })).toMatchObject({ status: 500 });
    expect((await fetch(`${failing.baseUrl}/v1/owners-next`, { headers })).status).toBe(200);
  });

  test("ends at an uncaught error, and logs each by class and place only", async () => {
    const exited = exitCode(failing);
    await fetch(`${failing.baseUrl}/v1/ends`).catch(() => null);
    expect(await exited).toBe(1);
    const log = failing.log();
    expect(log).not.toContain("zyzy");
    expect(log).toContain("failing ends: an error that nobody caught");
    expect(log.match(/"cause":"Error\\n {4}at /g)?.length).toBe(4);
  });

  test("ends at an error of what a request began that is over, and logs it", async () => {
    const sharing = await start();
    try {
      await fetch(`${sharing.baseUrl}/v1/shares`);
      // A request is logged once it is over.
      const isOver = async () => sharing.log().includes("GET /v1/shares 200");
      expect(await pollUntil(isOver, 40_000)).toBe(true);
      const exited = exitCode(sharing);
      await fetch(`${sharing.baseUrl}/v1/breaks`).catch(() => null);
      expect(await exited).toBe(1);
      expect(sharing.log()).toContain("failing ends: an error that nobody caught");
    } finally {
      sharing.child.kill("SIGKILL");
    }
  });
});
