/** The order of a request's steps; above all, what waits until its key is confirmed. */
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import {
  newLimitGate,
  newSentByteCounter,
  owner,
  runRequest,
  things,
} from "../../test/kit/run-request.ts";
import { plainChange, watched } from "../../test/kit/watched-route.ts";
import { keyRoutes } from "../../test/security/support/table.ts";
import { ApiError } from "../errors/api-error.ts";
import { create } from "../store/documents.ts";
import { action, change, type Route } from "./route.ts";

beforeAll(() => void vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none"));
afterAll(() => void vi.unstubAllEnvs());

const revoked = new ApiError("UNAUTHORIZED", { message: "The API key has been revoked." });

function mayRead(route: Route): boolean {
  return route.kind === "query" || route.beforeConfirmed === "reads";
}

describe("KEY-5 a request whose key was revoked", () => {
  test.each(keyRoutes)("takes no step but a read meanwhile: $title", async ({ route }) => {
    const steps: string[] = [];
    const confirmed = setImmediate(null).then(async () => {
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      throw revoked;
    });
    await expect(runRequest(watched(route, steps), { confirmed })).rejects.toBe(revoked);
    expect(steps).toEqual(mayRead(route) ? ["read"] : []);
  });

  test.each(keyRoutes)(
    "writes nothing if its body was long in coming: $title",
    async ({ route }) => {
      const steps: string[] = [];
      const reconfirm = async () => {
        throw revoked;
      };
      const late = { freshMs: -1, reconfirm };
      await expect(runRequest(watched(route, steps), late)).rejects.toBe(revoked);
      expect(steps).toEqual(mayRead(route) ? ["read"] : []);
    },
  );
});

describe("what a change has prepared", () => {
  const failure = new Error("failed");
  const fail = () => {
    throw failure;
  };
  const writes = [create(things.doc("a"), { name: "a" })];
  const reply = { status: 201, body: { id: "a" } };

  /** @returns what was done, in order, and how it ended. */
  async function run(steps: { prepare?: () => Promise<null>; decide?: () => never }, how = {}) {
    const done: string[] = [];
    const route = change({
      ...plainChange,
      endpoint: "POST /v1/things",
      authenticate: "api-key",
      read: "nothing",
      prepare: async () => {
        done.push("prepare");
        return (await steps.prepare?.()) ?? null;
      },
      decide: () => steps.decide?.() ?? { writes, subject: "a", reply },
      undo: async () => {
        done.push("undo");
        // It isn't what the client is told.
        throw new Error("not taken back");
      },
    });
    const error = await runRequest(route, how).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return { done, error };
  }

  test("is kept once it is committed", async () => {
    expect(await run({})).toEqual({ done: ["prepare"], error: null });
  });

  test("is taken back if it fails, is decided against, or isn't committed", async () => {
    const failed = { done: ["prepare", "undo"], error: failure };
    expect(await run({ prepare: async () => fail() })).toEqual(failed);
    expect(await run({ decide: fail })).toEqual(failed);
    const store = new MemoryStore();
    store.before = async () => fail();
    expect(await run({}, { store })).toMatchObject(failed);
  });
});

describe("KEY-10 an answer that only reads, once the account's downloads are used up", () => {
  const used = new ApiError("RATE_LIMITED");
  const requireRoom = () => {
    throw used;
  };
  const large = { status: 200, body: { text: "x".repeat(32 * 1024) } };
  const reading = keyRoutes.filter(
    ({ route }) => route.kind !== "change" && typeof route.reply[200] === "object",
  );
  const neededToClose = [
    "GET /v1/executions/:executionId",
    "GET /v1/keys",
    "GET /v1/keys/:keyId",
    "GET /v1/threads/:threadId",
    "GET /v1/threads/:threadId/status",
  ];

  test("is refused if it is large, except where it shows what to revoke or stop", async () => {
    const answered: string[] = [];
    for (const { route, title } of reading) {
      const steps = { ...watched(route, []), answer: () => large, perform: async () => large };
      const { error } = await runRequest(steps as never, { requireRoom }).then(
        () => ({ error: null }),
        (error: unknown) => ({ error }),
      );
      if (error === null) answered.push(title);
      else expect(error).toBe(used);
    }
    expect(new Set(answered)).toEqual(new Set(neededToClose));
  });
});

/** Makes a thing, once for each Idempotency-Key in one space. */
function making(
  options: {
    readonly space: string;
    readonly isSame: boolean;
    readonly reading?: () => Promise<void>;
    readonly deciding?: () => void;
  },
  made: string[] = [],
) {
  return change({
    ...plainChange,
    endpoint: "POST /v1/things",
    authenticate: "api-key",
    read: async ({ ids, deps }) => {
      await options.reading?.();
      const id = ids.ofRequest("thread") ?? ids.next("thread");
      return { id, found: await deps.store.get(things.doc(id)) };
    },
    idempotency: {
      space: () => [options.space],
      earlier: ({ data: { id, found } }) =>
        found.value === null
          ? null
          : { isSame: options.isSame, answer: () => ({ status: 201, body: { id } }) },
    },
    decide: ({ data: { id } }) => {
      options.deciding?.();
      return {
        writes: [create(things.doc(id), { name: "made" })],
        subject: id,
        reply: { status: 201, body: { id } },
      };
    },
    after: async ({ data: { id } }) => void made.push(id),
  });
}

describe("an Idempotency-Key", () => {
  const headers = { "idempotency-key": "k" };
  const same = making({ space: "a", isSame: true });

  test("makes a repeated request change nothing and answer the same", async () => {
    const made: string[] = [];
    const route = making({ space: "a", isSame: true }, made);
    const { store, body } = await runRequest(route, { headers });
    const repeated = await runRequest(route, { headers, store });
    expect(repeated).toMatchObject({ body, rows: [] });
    expect(store.tried).toHaveLength(1);
    expect(made).toHaveLength(1);
  });

  test("is refused with another request than its first", async () => {
    const { store } = await runRequest(same, { headers });
    const other = runRequest(making({ space: "a", isSame: false }), { headers, store });
    await expect(other).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    expect(store.tried).toHaveLength(1);
  });

  test("KEY-5 answers nothing to a key that was closed before it was decided", async () => {
    const store = new MemoryStore();
    let isClosed = false;
    const closed = making({
      ...{ space: "a", isSame: true },
      reading: async () => void (isClosed && (await runRequest(same, { headers, store }))),
      deciding: () => {
        isClosed = true;
        throw new ApiError("UNAUTHORIZED");
      },
    });
    const refused = { code: "UNAUTHORIZED" };
    await expect(runRequest(closed, { headers, store })).rejects.toMatchObject(refused);
  });

  test("BUD-4 answers what its first try made, also if that took what this one is refused for", async () => {
    const store = new MemoryStore();
    let isRefused = false;
    const poor = making({
      space: "a",
      isSame: true,
      // The first try is committed by another process, after this one looked for it.
      reading: async () => void (isRefused && (await runRequest(same, { headers, store }))),
      deciding: () => {
        isRefused = true;
        throw new ApiError("INSUFFICIENT_BUDGET");
      },
    });
    const { body } = await runRequest(poor, { headers, store });
    expect(body).toBe((await runRequest(same, { headers, store })).body);
    const refused = { code: "INSUFFICIENT_BUDGET" };
    await expect(runRequest(poor, { store: new MemoryStore() })).rejects.toMatchObject(refused);
    expect(store.tried).toHaveLength(1);
  });

  test("says nothing of requests in another space, nor of those without one", async () => {
    const { store } = await runRequest(same, { headers });
    await runRequest(making({ space: "b", isSame: false }), { headers, store });
    await runRequest(making({ space: "a", isSame: false }), { store });
    expect(store.tried).toHaveLength(3);
  });
});

describe("TEN-2 once the day's downloads are used up", () => {
  const headers = { "idempotency-key": "k" };
  const streamed: string[] = [];
  const streamOf = (id: string) => ({
    status: 200,
    headers: {},
    stream: async () => void streamed.push(id),
  });
  const starting = change({
    ...plainChange,
    endpoint: "POST /v1/things",
    authenticate: "api-key",
    requestClass: "executions",
    reply: { 200: "stream" },
    read: async ({ ids, deps }) => {
      const id = ids.ofRequest("thread") ?? ids.next("thread");
      return { id, found: await deps.store.get(things.doc(id)) };
    },
    idempotency: {
      space: () => ["a"],
      earlier: ({ data: { id, found } }) =>
        found.value === null ? null : { isSame: true, answer: () => streamOf(id) },
    },
    decide: ({ data: { id } }) => ({
      writes: [create(things.doc(id), { name: "made" })],
      subject: id,
      reply: streamOf(id),
    }),
  });

  test("a change is made and streams, but repeating it streams nothing again", async () => {
    const { store } = await runRequest(starting, { headers });
    await runRequest(starting, { headers, store });
    expect(streamed.splice(0)).toHaveLength(2);
    const sent = newSentByteCounter(store);
    await sent.add(owner, 4 * 1024 * 1024);
    const limits = newLimitGate();
    const repeated = runRequest(starting, { headers, store, sent, limits });
    await expect(repeated).rejects.toMatchObject({ code: "RATE_LIMITED", status: 429 });
    expect(streamed.splice(0)).toEqual([]);
    await runRequest(starting, { store, sent, limits });
    expect(streamed.splice(0)).toHaveLength(1);
  });

  test("a stream that changes nothing is refused before anything is read, a file's isn't", async () => {
    const store = new MemoryStore();
    const sent = newSentByteCounter(store);
    await sent.add(owner, 4 * 1024 * 1024);
    const steps: string[] = [];
    const route = (kind: "stream" | "bytes") =>
      action({
        ...plainChange,
        endpoint: "GET /v1/things",
        authenticate: "api-key",
        reply: { 200: kind },
        read: async () => void steps.push(kind),
        perform: async () => streamOf(kind),
      });
    const following = runRequest(route("stream"), { store, sent });
    await expect(following).rejects.toMatchObject({ code: "RATE_LIMITED" });
    await runRequest(route("bytes"), { store, sent });
    expect(steps).toEqual(["bytes"]);
    expect(streamed.splice(0)).toEqual(["bytes"]);
  });
});
