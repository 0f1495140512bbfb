/** What is recorded of who uses a key, and of who is refused with it. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashKey } from "#shared/core/keys/api-key";
import { type Answer, send } from "../kit/client.ts";
import { cloud, until } from "../kit/cloud.ts";
import { wholeLines } from "../kit/log-lines.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { auditOf, firestore } from "../kit/store.ts";

const userAgent = "a client/1.0";

const from = async (localAddress: string, key: string, path = "/v1/agents") =>
  await send(path, { key, localAddress, headers: { "user-agent": userAgent } });

async function rowsOf({ id }: TestOwner, action: string, count: number) {
  return await until(`${count} rows ${action}`, async () => {
    const rows = (await auditOf(id)).filter((row) => row.action === action);
    return rows.length >= count && rows;
  });
}

async function newKey(owner: TestOwner, fields: object = {}) {
  const { json, text } = await send("/v1/keys", { key: owner.key, body: { name: "k", ...fields } });
  if (!json.key) throw new Error(text);
  return { key: String(json.key), id: String(json.id) };
}

/** The function's log line of an answered request. */
async function lineOf(name: string, answer: Answer) {
  const requestId = String(answer.headers["x-request-id"]);
  const file = join(cloud().dataFolder, "logs", `${name}.jsonl`);
  const line = await until("the request's line", async () =>
    wholeLines(file).find((each) => each.includes(requestId)),
  );
  return { line, fields: JSON.parse(line) };
}

describe("AUD-1 a key that is used from a network for the first time", () => {
  test("adds one row, unless it is the key's first network", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const { key, id } = await newKey(owner);
    const stored = async () =>
      (
        await firestore()
          .doc(`apiKeys/${hashKey(key)}`)
          .get()
      ).data();
    const isUsed = async () => (await stored())?.lastUsedAt !== null;
    expect((await from("127.61.1.1", key)).status).toBe(200);
    await until("the note of the first use", isUsed);
    // Within the network, and through another function.
    await from("127.61.1.9", key, "/v1/threads/none");
    // The function may remember the key from before its first use was written.
    await from("127.61.2.1", key);
    await rowsOf(owner, "key.new_network", 1);
    const sightings = [await from("127.61.1.1", key), await from("127.61.2.2", key)];
    expect(sightings.map(({ status }) => status)).toEqual([200, 200]);
    await from("127.61.3.1", key);
    const rows = await rowsOf(owner, "key.new_network", 2);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      actor: { type: "key", id },
      subject: id,
      facts: { knownBefore: 1 },
      sealedDetails: expect.any(String),
    });
    expect(rows[1]?.facts.knownBefore).toBe(2);
    expect((await stored())?.networks.digests).toHaveLength(3);
    expect(JSON.stringify([rows, (await stored())?.networks])).not.toContain("127.61");
  });
});

describe("AUD-1 a known key that is refused", () => {
  test("adds a row with the reason, per network, and the log has whose key it is", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const bound = await newKey(owner, { addressRanges: ["127.62.1.0/24"] });
    const narrow = await newKey(owner, { scopes: ["billing:read"] });
    const dead = await newKey(owner);
    await send(`/v1/keys/${dead.id}/revoke`, { key: owner.key, method: "POST" });
    const tried = [
      { ...bound, reason: "address", status: 403 },
      { ...narrow, reason: "scope", status: 403 },
      { ...dead, reason: "revoked", status: 401 },
    ];
    for (const { key, id, reason, status } of tried) {
      const answer = await from("127.62.2.1", key);
      expect(answer.status).toBe(status);
      const { line, fields } = await lineOf("agents", answer);
      expect(fields).toMatchObject({
        ...{ callerId: id, ownerId: owner.id, authentication: "refused", reason, status },
        ...{ address: "127.62.2.1", userAgent, method: "GET", route: "GET /v1/agents" },
      });
      expect(line).not.toContain(key);
    }
    await from("127.62.3.1", dead.key);
    const rows = await rowsOf(owner, "key.refused", 4);
    const facts = rows.map((row) => `${row.subject} ${row.facts.reason} ${row.facts.refusals}`);
    const expected = [...tried, { ...dead, reason: "revoked" }].map(
      ({ id, reason }) => `${id} ${reason} 1`,
    );
    expect(new Set(facts)).toEqual(new Set(expected));
    expect(facts).toHaveLength(expected.length);
    expect(new Set(rows.map((row) => `${row.subject} ${row.facts.network}`)).size).toBe(4);
    expect(JSON.stringify(rows)).not.toContain("127.62");
  });
});

describe("AUD-1 a key that lacks a right", () => {
  const task = { name: "a", model: "shell" };
  const more = { name: "a", scopes: ["execute"] };
  const threads = { scopes: ["threads:write", "environments:write"] };
  test.each([
    ["a further scope", { scopes: ["agents:write"] }, "/v1/agents", task, "scope"],
    ["a scope that its body needs", threads, "/v1/threads", { content: "true" }, "scope"],
    ["a right that its maker lacks", { scopes: ["keys:write"] }, "/v1/keys", more, "bounds"],
    ["an environment of its own", { environmentIds: [] }, "/v1/environments", task, "bounds"],
  ])("leaves a row when it asks for %s", async (_what, fields, path, body, reason) => {
    const owner = await newOwner({ creditUsd: 1 });
    const bounded = "environmentIds" in fields;
    const environmentIds = bounded ? { environmentIds: [await newEnvironment(owner.key)] } : {};
    const weak = await newKey(owner, { ...fields, ...environmentIds });
    const answer = await send(path, { key: weak.key, body });
    expect(answer.status, answer.text).toBe(403);
    const [row] = await rowsOf(owner, "key.refused", 1);
    expect(row).toMatchObject({ subject: weak.id, facts: { reason, refusals: 1 } });
  });
});

describe("AUD-2 the log of requests", () => {
  test("has who asked for what, and how it was answered", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const forged = { "x-forwarded-for": "203.0.113.7", "user-agent": userAgent };
    const sent = { key: owner.key, localAddress: "127.63.1.1", headers: forged };
    const answers = [
      await send("/v1/agents?limit=1", sent),
      await send("/v1/agents/agent_none", sent),
      await send("/v1/agents", { ...sent, body: {} }),
    ];
    const routes = ["GET /v1/agents", "GET /v1/agents/:agentId", "POST /v1/agents"];
    for (const [index, answer] of answers.entries()) {
      const { fields } = await lineOf("agents", answer);
      expect(fields).toMatchObject({
        ...{ callerId: owner.keyId, ownerId: owner.id, authentication: "accepted" },
        ...{ address: "127.63.1.1", userAgent, route: routes[index], status: answer.status },
        ...{ requestId: answer.headers["x-request-id"], latencyMs: expect.any(Number) },
      });
      expect(fields.code).toBe(answer.status === 200 ? undefined : answer.json.code);
      expect(fields.cause ?? "").not.toContain("agent_none");
    }
  });

  test("has no key, wherever a client puts one", async () => {
    const { key, keyId } = await newOwner({ creditUsd: 0 });
    const headers = { "user-agent": `curl ${key}`, "x-forwarded-for": key };
    const answer = await send(`/v1/agents/${key}?key=${key}`, { key, headers });
    const { line, fields } = await lineOf("agents", answer);
    expect(fields).toMatchObject({ callerId: keyId, userAgent: "curl [key]" });
    expect(line).not.toContain(key.slice(8));
  });
});
