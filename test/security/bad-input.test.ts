/** Bad input gets the right status, a stable code and one sentence; never HTML, never a 500. */
import { beforeAll, describe, expect, test } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { type Answer, multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner, newThread } from "../kit/owners.ts";

let key: string;
let environmentId: string;
let threadId: string;

beforeAll(async () => {
  ({ key } = await newOwner());
  environmentId = await newEnvironment(key);
  threadId = await newThread(key, { environmentId });
});

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer.json.message).toMatch(/^[A-Z].*\.$/);
}

const json = { "content-type": "application/json" };

describe("a body", () => {
  test.each([
    ["that isn't JSON", "{", json, 400, "MALFORMED_JSON"],
    ["that isn't UTF-8", Buffer.from([0x22, 0xff, 0x22]), json, 400, "MALFORMED_JSON"],
    ["nested without end", "[".repeat(100_000), json, 400, "MALFORMED_JSON"],
    ["that is a list", "[]", json, 400, "VALIDATION_FAILED"],
    ["that is null", "null", json, 400, "VALIDATION_FAILED"],
    ["without what is required", "{}", json, 400, "VALIDATION_FAILED"],
    ["that isn't there", "", {}, 400, "VALIDATION_FAILED"],
    ["of another type", "name=a", { "content-type": "text/plain" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["of no type", "{}", {}, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["with a wrong type in it", '{"name":7,"model":"shell"}', json, 400, "VALIDATION_FAILED"],
  ])("%s is refused", async (_what, raw, headers, status, code) => {
    expectRefusal(await send("/v1/agents", { key, method: "POST", raw, headers }), status, code);
  });

  test("that is too large is refused by what it says it is, and by what it is", async () => {
    const large = JSON.stringify({ name: "a".repeat(400_000), model: "shell" });
    expectRefusal(
      await send("/v1/agents", { key, raw: large, headers: json }),
      413,
      "PAYLOAD_TOO_LARGE",
    );
    const headers = { ...json, "transfer-encoding": "chunked" };
    const chunked = await send("/v1/agents", { key, method: "POST", raw: large, headers });
    expectRefusal(chunked, 413, "PAYLOAD_TOO_LARGE");
  });

  test("with unknown fields is taken, and they are ignored", async () => {
    const body = { name: "a", model: "shell", colour: "green", id: "mine" };
    const { status, json: made } = await send("/v1/agents", { key, body });
    expect(status).toBe(201);
    expect(made.agent).not.toHaveProperty("colour");
    expect(made.agent.id).not.toBe("mine");
  });

  test("names each field that is wrong", async () => {
    const body = { name: "", model: "shell", reasoningEffort: "extreme" };
    const { json: refused } = await send("/v1/agents", { key, body });
    expect(refused.details.map(({ field }: { field: string }) => field)).toEqual([
      "name",
      "reasoningEffort",
    ]);
  });
});

describe("EDG-4 every answer", () => {
  test.each(["/v1/health", "/v1/agents", "/v1/nothing", "/internal/executions/claim", "/%"])(
    "%s carries the security headers",
    async (path) => {
      const { headers } = await send(path);
      expect(headers).toMatchObject(securityHeaders);
      expect(headers["strict-transport-security"]).toBe(
        "max-age=63072000; includeSubDomains; preload",
      );
      expect(headers["x-powered-by"]).toBeUndefined();
    },
  );
});

describe("a query", () => {
  test.each(["limit=0", "limit=101", "limit=x", "offset=-1"])("%s is refused", async (query) => {
    expectRefusal(await send(`/v1/agents?${query}`, { key }), 400, "VALIDATION_FAILED");
  });
});

describe("a path", () => {
  test.each([
    ["/v1/nothing", 404, "NOT_FOUND"],
    ["/", 404, "NOT_FOUND"],
    ["/v1/agents/", 404, "NOT_FOUND"],
    ["/v1/agents/agent_short", 404, "NOT_FOUND"],
    ["/v1/agents/..%2f..%2fetc", 404, "NOT_FOUND"],
    ["/v1/agents/%E0%A4%A", 400, "MALFORMED_URL"],
  ])("%s is %i", async (path, status, code) => {
    const answer = await send(path, { key });
    expect(answer.json.code).toBe(code);
    expect(answer.status).toBe(status);
  });

  test("with a method it doesn't take says which it does", async () => {
    const answer = await send("/v1/agents", { key, method: "DELETE" });
    expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
    expect(answer.headers.allow?.split(", ").sort()).toEqual(["GET", "HEAD", "POST"]);
  });

  test("works with the prefix and at the root", async () => {
    expect((await send("/agents", { key })).status).toBe(200);
    expect((await send("/health")).json).toEqual({
      ...(await send("/v1/health")).json,
      timestamp: expect.any(String),
      uptime: expect.any(Number),
      // Memory usage changes all the time.
      checks: expect.any(Object),
    });
  });
});

describe("an upload", () => {
  const upload = async (form: ReturnType<typeof multipart>) =>
    await send(`/v1/environments/${environmentId}/files/upload`, { key, method: "POST", ...form });

  test.each(["../escape.txt", "/../escape", "a/../../b", "a\u0000b", "a\nb"])(
    "to %j is refused",
    async (path) => {
      const refused = await upload(multipart({ name: "undefined", bytes: "x", path }));
      expectRefusal(refused, 400, "INVALID_PATH");
    },
  );

  test.each([
    [{ name: "app.py", path: "src" }, "src/app.py"],
    [{ name: "app.py", path: "src/app.py" }, "src/app.py"],
    [{ name: "undefined", path: "src/other.py" }, "src/other.py"],
    [{ name: "top.txt" }, "top.txt"],
    [{ name: "app.py", path: "/src/" }, "src/app.py"],
  ])("%j lands at %s", async (file, path) => {
    expect((await upload(multipart({ ...file, bytes: "x" }))).json).toMatchObject({ path });
  });

  test("without a file, or in another form, is refused", async () => {
    const { headers } = multipart({ name: "a", bytes: "" });
    const empty = Buffer.from("--paddock-test-boundary--\r\n");
    expectRefusal(await upload({ raw: empty, headers }), 400, "MALFORMED_MULTIPART");
    const raw = Buffer.from("plain");
    const text = { raw, headers: { "content-type": "text/plain" } };
    expectRefusal(await upload(text as never), 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  test("of more than 24 MiB is refused", async () => {
    const bytes = Buffer.alloc(24 * 1024 * 1024 + 70_000);
    expectRefusal(await upload(multipart({ name: "big", bytes })), 413, "PAYLOAD_TOO_LARGE");
  });
});

describe("a download", () => {
  test("of a range gives that range, and of no possible one is 416", async () => {
    const form = multipart({ name: "range.txt", bytes: "0123456789" });
    await send(`/v1/environments/${environmentId}/files/upload`, { key, method: "POST", ...form });
    const path = `/v1/environments/${environmentId}/files/range.txt`;
    const part = await send(path, { key, headers: { range: "bytes=2-4" } });
    expect(part).toMatchObject({ status: 206, text: "234" });
    expect(part.headers["content-range"]).toBe("bytes 2-4/10");
    expect((await send(path, { key, headers: { range: "bytes=-3" } })).text).toBe("789");
    const beyond = await send(path, { key, headers: { range: "bytes=10-" } });
    expectRefusal(beyond, 416, "RANGE_NOT_SATISFIABLE");
  });

  test("in ranges never mixes two versions of a file, and a change never meets another", async () => {
    const files = `/v1/environments/${environmentId}/files`;
    const path = `${files}/replaced.txt`;
    const put = async (bytes: string, headers = {}) => {
      const form = multipart({ name: "replaced.txt", bytes });
      const all = { ...form.headers, ...headers };
      return await send(`${files}/upload`, { key, method: "POST", raw: form.raw, headers: all });
    };
    await put("old old old");
    const old = String((await send(path, { key })).headers.etag);
    const unchanged = await send(path, { key, headers: { "if-none-match": `W/${old}` } });
    expect(unchanged).toMatchObject({ status: 304, text: "", headers: { etag: old } });
    const change = await put("new new", { "if-match": old });
    expect(change.status).toBe(200);
    const get = async (headers: object) => await send(path, { key, headers: { ...headers } });
    const resumed = await get({ range: "bytes=5-", "if-range": old });
    expect(resumed).toMatchObject({ status: 200, text: "new new" });
    const now = String(resumed.headers.etag);
    expect(await get({ range: "bytes=5-", "if-range": now })).toMatchObject({ status: 206 });
    const stale = { "if-match": old };
    expectRefusal(await get({ ...stale, range: "bytes=5-" }), 412, "PRECONDITION_FAILED");
    expectRefusal(await put("lost", stale), 412, "PRECONDITION_FAILED");
    expectRefusal(await put("lost", { "if-none-match": "*" }), 412, "PRECONDITION_FAILED");
    const gone = await send(path, { key, method: "DELETE", headers: stale });
    expectRefusal(gone, 412, "PRECONDITION_FAILED");
    expect(await get({})).toMatchObject({ status: 200, text: "new new", headers: { etag: now } });
    // A thing without tags can't be changed conditionally.
    const body = { environmentId };
    const sent = { key, body, headers: { "if-match": old } };
    expectRefusal(await send("/v1/threads", sent), 412, "PRECONDITION_FAILED");
  });

  test("of what isn't there is 404", async () => {
    const path = `/v1/environments/${environmentId}/files/missing.txt`;
    expectRefusal(await send(path, { key }), 404, "NOT_FOUND");
  });
});

describe("a message", () => {
  const message = async (body: object, headers = {}) =>
    await send(`/v1/threads/${threadId}/messages`, { key, body, headers });

  test("without content is refused", async () => {
    expectRefusal(await message({}), 400, "VALIDATION_FAILED");
  });

  test("for a model that isn't offered names those that are", async () => {
    const refused = await message({ content: "hello", agentConfig: { model: "gpt-4o" } });
    expectRefusal(refused, 422, "MODEL_NOT_OFFERED");
    expect(refused.json.details.offered).toContain("shell");
    expect(refused.json.message).toContain("set OPENAI_API_KEY before `npm start`");
  });

  test("with a malformed Idempotency-Key is refused", async () => {
    const refused = await message({ content: "true" }, { "idempotency-key": "a b" });
    expectRefusal(refused, 400, "VALIDATION_FAILED");
  });
});

describe("a secret", () => {
  const path = () => `/v1/environments/${environmentId}/secrets`;

  test("is stored, listed by name, and never returned", async () => {
    const made = await send(path(), { key, body: { key: "TOKEN", value: "super-secret-value" } });
    expect(made).toMatchObject({ status: 201 });
    const replaced = await send(`${path()}/TOKEN`, {
      key,
      method: "PUT",
      body: { value: "another-value" },
    });
    expect(replaced.json).toMatchObject({ success: true, key: "TOKEN" });
    const listed = await send(path(), { key });
    expect(listed.json.data).toEqual([{ key: "TOKEN", hasValue: true }]);
    const environment = await send(`/v1/environments/${environmentId}`, { key });
    for (const { text } of [made, replaced, listed, environment]) {
      expect(text).not.toMatch(/super-secret-value|another-value/);
    }
  });

  test("of a name that is taken is a conflict; PUT replaces it", async () => {
    const body = { key: "TWICE", value: "a long enough value" };
    expect((await send(path(), { key, body })).status).toBe(201);
    expectRefusal(await send(path(), { key, body }), 409, "CONFLICT");
  });

  test.each(["1ST", "A-B", "", "A".repeat(129)])("can't be called %j", async (name) => {
    const refused = await send(path(), { key, body: { key: name, value: "a long enough value" } });
    expectRefusal(refused, 400, "VALIDATION_FAILED");
  });
});
