/** What an owner reads of a trail and proves of it, and that reading is recorded. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuditProof, ConsistencyProof } from "#shared/core/audit/proof-format";
import { parseNoteKey } from "#shared/core/audit/signed-note";
import { verifyExport } from "../../audit/verify-export.ts";
import type { TrustedKeys } from "../../audit/verify-header.ts";
import { verifyContinuation, verifyProof } from "../../audit/verify-proof.ts";
import { auditLog, firstOperator } from "../../local/cloud/names.ts";
import { logPublicKey, plantRows, rowsOf, sequence } from "../kit/audit-trail.ts";
import { type Answer, send } from "../kit/client.ts";
import { operatorTokenFor, until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { anotherKey, newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";
import { ShiftedClock } from "../kit/shifted-clock.ts";
import { auditOf, firestore } from "../kit/store.ts";

const hourMs = 3_600_000;
/** Two tiles and a short one, so that proofs have stored nodes, and rows of two tiles. */
const plantedRows = 600;

let owner: TestOwner;
let stranger: TestOwner;
let keys: TrustedKeys;

type Row = Awaited<ReturnType<typeof rowsOf>>[number];

const get = async (path: string, key = owner.key) => await send(`/v1/audit${path}`, { key });

async function* linesOf({ text }: Answer) {
  for (const line of text.split("\n").slice(0, -1)) yield Buffer.from(line);
}

/** Sequences until nothing is left: what earlier tests wrote, too. */
async function sequenceAll(): Promise<void> {
  await until("a call of the sequencer with nothing to do", async () => {
    const { json } = await sequence();
    return json.sequenced + json.published === 0;
  });
}

async function readsOf(ownerId: string) {
  const rows = await auditOf(ownerId);
  return rows.filter(({ action }) => action === "audit.read");
}

/** All rows that the pages of a query have, however short they are, and the number of pages. */
async function allPages(query: string) {
  const ids: string[] = [];
  let [cursor, pages] = ["", 0];
  for (let more = true; more; pages += 1) {
    const { status, json, text } = await get(`?${query}${cursor}`);
    expect(status, text).toBe(200);
    ids.push(...json.data.map(({ id }: { id: string }) => id));
    cursor = `&cursor=${json.next_cursor}`;
    more = json.has_more;
    expect(more).toBe(json.next_cursor !== null);
  }
  return { ids, pages };
}

beforeAll(async () => {
  [owner, stranger] = [await newOwner({ creditUsd: 1 }), await newOwner({ creditUsd: 1 })];
  await plantRows(owner.id, plantedRows);
  for (const name of ["one", "two"]) {
    const made = await send("/v1/agents", { key: owner.key, body: { name, model: "shell" } });
    expect(made.status).toBe(201);
  }
  await sequenceAll();
  const published = await send("/v1/audit/log-key");
  const key = parseNoteKey(published.json.key);
  // Nobody would verify with a key that is asked of the log itself; see docs/audit.md.
  expect(key).toEqual({ name: auditLog, kind: "note", publicKey: await logPublicKey() });
  expect(published.json.log).toBe(auditLog);
  if (key) keys = { logs: [key], witnesses: [] };
});

describe("AUD-6 an owner", () => {
  test("reads the trail newest first, page by page, and each row once", async () => {
    const rows = await rowsOf(owner.id);
    const byTimeAndId = (one: Row, other: Row) => other.at - one.at || (one.id < other.id ? 1 : -1);
    const newestFirst = rows.toSorted(byTimeAndId).map(({ id }) => id);
    const { ids } = await allPages("limit=100&to=2999-01-01");
    const reads = new Set((await readsOf(owner.id)).map(({ id }) => id));
    expect(ids.filter((id) => !reads.has(id))).toEqual(newestFirst.filter((id) => !reads.has(id)));
    const [agent] = (await get("?action=agent.created&limit=1")).json.data;
    const stored = rows.find(({ id }) => id === agent.id);
    expect(agent).toMatchObject({
      actor: { type: "key", id: owner.keyId },
      subject: stored?.subject,
      sequence: stored?.sequence,
      leafHash: stored?.leafHash,
      details: "sealed",
    });
    expect((await get(`/${agent.id}`)).json.audit).toEqual(agent);
    expect(JSON.stringify(agent)).not.toContain(stored?.sealedDetails);
  });

  test("finds rows by key, action, subject and time, in pages that may be short", async () => {
    const rows = await rowsOf(owner.id);
    const made = rows.filter(({ action }) => action === "agent.created").map(({ id }) => id);
    const [agentId] = rows.filter(({ id }) => id === made[0]).map(({ subject }) => subject);
    const filtered = async (query: string) => (await allPages(query)).ids;
    expect(await filtered("action=agent.created")).toEqual(made.toReversed());
    expect(await filtered(`subject=${agentId}`)).toEqual(made.slice(0, 1));
    const byKey = `keyId=${owner.keyId}&action=agent.created`;
    expect(await filtered(byKey)).toEqual(made.toReversed());
    expect(await filtered("action=agent.created&to=2026-01-02")).toEqual([]);
    expect(await filtered("action=thing.changed&from=2026-01-02")).toEqual([]);
    const first = rows.find(({ action }) => action === "thing.changed");
    expect(await filtered(`subject=${first?.id}&action=thing.changed&to=2026-01-02`)).toEqual([
      first?.id,
    ]);
  });

  test("gets lines of the same rows for the asking, with a link to the next page", async () => {
    const headers = { accept: "text/html;q=0.5, Application/X-NDJSON; q=1" };
    const path = "/v1/audit?action=thing.changed&limit=2";
    const lines = await send(path, { key: owner.key, headers });
    const { data, next_cursor: cursor } = (await get("?action=thing.changed&limit=2")).json;
    expect(lines.headers).toMatchObject({ "content-type": "application/x-ndjson" });
    expect(lines.text).toBe(data.map((row: object) => `${JSON.stringify(row)}\n`).join(""));
    const [, next] = /^<(.+)>; rel="next"$/.exec(String(lines.headers.link)) ?? [];
    expect(new URL(String(next), "http://edge.test").searchParams.get("cursor")).toBe(cursor);
    expect((await send(String(next), { key: owner.key })).json.data).toHaveLength(2);
    const refusing = { accept: "application/json, application/x-ndjson; q=0.0" };
    const json = await send(path, { key: owner.key, headers: refusing });
    expect(json.json.data).toEqual(data);
  });

  test("sees nobody else's rows, whatever is named, and needs the whole account", async () => {
    const [foreign] = await rowsOf(owner.id);
    for (const path of [`/${foreign?.id}`, `/${foreign?.id}/proof`, `?keyId=${owner.keyId}`]) {
      expect(await get(path, stranger.key)).toMatchObject({ status: 404 });
    }
    const cursor = `${Number.MAX_SAFE_INTEGER}-${foreign?.id}`;
    const { json } = await get(`?cursor=${cursor}&subject=${foreign?.subject}`, stranger.key);
    expect(json).toEqual({ object: "list", data: [], has_more: false, next_cursor: null });
    const environmentIds = [await newEnvironment(owner.key)];
    const bound = { name: "bound", environmentIds, scopes: ["audit:read"] };
    const narrow = { name: "narrow", scopes: ["billing:read"] };
    for (const body of [bound, narrow]) {
      const { json: made } = await send("/v1/keys", { key: owner.key, body });
      for (const path of ["", `/${foreign?.id}`, "/export"]) {
        expect((await get(path, made.key)).json.code).toBe("FORBIDDEN");
      }
    }
    const operator = await operatorTokenFor(firstOperator);
    expect(await get("", operator)).toMatchObject({ status: 401 });
  });
});

describe("AUD-6 reading a trail", () => {
  const clock = new ShiftedClock();
  const began = Math.floor(Date.now() / hourMs) * hourMs;
  let asides: readonly FunctionAside[];

  beforeAll(async () => {
    clock.set(began);
    const limits = { quotas: { downloadedBytesPerDayMax: 1_000 } };
    asides = await startAsides("audit", 2, { clock, limits });
  });
  afterAll(async () => {
    await Promise.all(asides.map((aside) => aside.stop()));
  });

  const askAside = async (number: 0 | 1, path: string, key: string) =>
    await send(`/v1/audit${path}`, { baseUrl: asides[number]?.baseUrl ?? "", key });

  test("is a row of the trail, once per key, route and hour", async () => {
    const reader = await newOwner({ creditUsd: 0 });
    const read = async (number: 0 | 1, path: string, key = reader.key) => {
      const answer = await askAside(number, path, key);
      expect(answer.status, answer.text).toBe(200);
    };
    const facts = async () =>
      (await readsOf(reader.id)).map(({ facts: { route, filters } }) => [filters, route]);
    await Promise.all([read(0, ""), read(1, ""), read(0, ""), read(1, "")]);
    await read(1, "?action=thing.changed&from=2026-01-01&limit=5");
    expect(await facts()).toEqual([["", "list"]]);
    const [row] = await readsOf(reader.id);
    expect(row).toMatchObject({ subject: reader.id, actor: { type: "key", id: reader.keyId } });
    await read(0, `/${row?.id}`);
    expect((await facts()).map(([, route]) => route)).toEqual(["list", "row"]);
    const other = await anotherKey(reader);
    await read(0, `?keyId=${reader.keyId}&to=2999-01-01`, other.key);
    expect((await facts()).at(-1)).toEqual(["keyId to", "list"]);
    clock.set(began + hourMs);
    await Promise.all([read(0, ""), read(1, "")]);
    expect((await facts()).map(([, route]) => route)).toEqual(["list", "row", "list", "list"]);
  });

  test("as a whole counts as a download before it is sent", async () => {
    const refused = await askAside(0, "/export", owner.key);
    expect(refused.json).toMatchObject({ code: "RATE_LIMITED", details: { limit: 1_000 } });
  });
});

describe("AUD-5 a trail from the API", () => {
  test("proves each row with the public key alone, and no other in its place", async () => {
    const rows = await rowsOf(owner.id);
    for (const index of [0, 255, 256, 300, plantedRows + 1]) {
      const answer = await get(`/${rows[index]?.id}/proof`);
      const proof = AuditProof.parse(answer.json);
      expect(proof).toMatchObject({ index, row: { id: rows[index]?.id } });
      expect(verifyProof(proof, keys).origin).toBe(auditLog);
      const edited = { ...proof, row: { ...proof.row, subject: "another" } };
      const moved = { ...proof, index: index === 0 ? 1 : index - 1 };
      for (const changed of [edited, moved]) {
        expect(() => verifyProof(changed, keys)).toThrow("another entry there");
      }
    }
  });

  test("says when a row can't be proven yet, or never", async () => {
    await send("/v1/agents", { key: stranger.key, body: { name: "new", model: "shell" } });
    const row = (await rowsOf(stranger.id)).find(({ sequence: place }) => place === null);
    const path = `/${row?.id}/proof`;
    const pending = await get(path, stranger.key);
    expect(pending).toMatchObject({ status: 409, headers: { "retry-after": "60" } });
    expect(pending.json).toMatchObject({ code: "AUDIT_PENDING" });
    const place = firestore().doc(`owners/${stranger.id}/audit/${row?.id}`);
    const { unsequenced } = (await place.get()).data() ?? {};
    await place.update({ unsequenced: null });
    expect((await get(path, stranger.key)).json.message).toContain("nothing proves it");
    await place.update({ unsequenced });
    await sequenceAll();
    expect(verifyProof(AuditProof.parse((await get(path, stranger.key)).json), keys)).toBeTruthy();
  });

  test("is exported whole at a checkpoint, and continues what was exported before", async () => {
    const before = await get("/export");
    expect(before.headers["content-type"]).toBe("application/x-ndjson");
    const { header: earlier } = await verifyExport(() => linesOf(before), keys);
    const sequenced = (await rowsOf(owner.id)).filter(({ sequence: place }) => place !== null);
    expect(earlier.head.size).toBe(sequenced.length);
    await sequenceAll();
    const [row] = (await get("?action=audit.read&limit=1")).json.data;
    const later = AuditProof.parse((await get(`/${row.id}/proof`)).json);
    const [from, to] = [earlier.head.size, later.head.size];
    expect(to).toBeGreaterThan(from);
    const answer = await get(`/consistency?from=${from}&to=${to}`);
    const proof = ConsistencyProof.parse(answer.json);
    verifyContinuation({ earlier, later, proof }, keys);
    const rewritten = { ...earlier, head: { ...earlier.head, root: later.head.root } };
    expect(() => verifyContinuation({ earlier: rewritten, later, proof }, keys)).toThrow(
      "The signed map has another head",
    );
    for (const query of [`from=${to}&to=${from}`, `from=1&to=${to + 1}`, `from=0&to=${to}`]) {
      expect((await get(`/consistency?${query}`)).json.code).toBe("VALIDATION_FAILED");
    }
  });

  test("names the row that somebody changed in the database", async () => {
    const changed = (await rowsOf(owner.id))[400];
    const place = firestore().doc(`owners/${owner.id}/audit/${changed?.id}`);
    await place.update({ subject: "another" });
    const [answer, proof] = [await get("/export"), await get(`/${changed?.id}/proof`)];
    await place.update({ subject: changed?.subject });
    await expect(verifyExport(() => linesOf(answer), keys)).rejects.toThrow(
      `(${changed?.id}) was edited`,
    );
    expect(() => verifyProof(AuditProof.parse(proof.json), keys)).toThrow("was edited");
  });
});
