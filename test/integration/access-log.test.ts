/** Auditors search the log of requests, and that they did is on the record. */
import { beforeAll, expect, test } from "vitest";
import { firstOperator } from "../../local/cloud/names.ts";
import { send } from "../kit/client.ts";
import { operatorTokenFor, until } from "../kit/cloud.ts";
import { namedOperator, type Operator } from "../kit/operators.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { firestore } from "../kit/store.ts";

let [owner, other]: readonly TestOwner[] = [];
let auditor: Operator;

const search = async (body: object, key = auditor.token) =>
  await send("/v1/admin/access-log/search", { key, body });
const setAuditor = async (email: string, key: string, isAuditor = true) =>
  await send("/v1/admin/operators/auditor", { key, body: { email, isAuditor } });

beforeAll(async () => {
  [owner, other] = await Promise.all([newOwner({ creditUsd: 0 }), newOwner({ creditUsd: 0 })]);
  auditor = await namedOperator();
});

test("AUD-1 an operator searches requests once another person has made it an auditor", async () => {
  const { key = "", keyId = "" } = owner ?? {};
  const first = await operatorTokenFor(firstOperator);
  expect((await search({ keyId })).status).toBe(403);
  expect((await setAuditor(firstOperator, first)).status, "nobody makes itself one").toBe(403);
  expect((await setAuditor(auditor.email, first)).status).toBe(200);
  for (let time = 0; time < 3; time += 1) await send("/v1/agents", { key });
  await send("/v1/agents/agent_none", { key });
  await send("/v1/agents", { key: other?.key ?? "" });
  const found = async (more: object = {}) => (await search({ keyId, ...more })).json.data;
  await until("the requests are in the log", async () => (await found()).length === 4);
  const [newest] = await found();
  expect(newest).toMatchObject({
    keyId,
    userId: owner?.id,
    status: 404,
    authentication: "accepted",
  });
  expect(await found({ status: 404 })).toHaveLength(1);
  expect(await found({ address: newest.address })).toHaveLength(4);
  expect(await found({ address: "192.0.2.77" })).toEqual([]);
  expect(await found({ to: "2026-01-01T00:00:00Z" })).toEqual([]);
  const { json: page } = await search({ keyId, limit: 3 });
  const { json: rest } = await search({ keyId, limit: 3, pageToken: page.nextPageToken });
  expect([page.data.length, rest.data.length, rest.nextPageToken]).toEqual([3, 1, null]);
  expect((await search({ keyId, pageToken: "x" })).status).toBe(400);
  expect((await search({})).status).toBe(400);
  expect(
    (await search({ keyId, from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" })).status,
  ).toBe(400);
  const rows = await firestore()
    .collectionGroup("audit")
    .where("action", "==", "access_log.searched")
    .where("subject", "==", keyId)
    .get();
  expect(rows.size).toBeGreaterThan(5);
  expect(rows.docs.some((doc) => doc.get("facts.byAddress") === true)).toBe(true);
  expect(JSON.stringify(rows.docs.map((doc) => doc.data()))).not.toContain("192.0.2.77");
  expect((await setAuditor(auditor.email, first, false)).status).toBe(200);
  expect((await search({ keyId })).status).toBe(403);
});
