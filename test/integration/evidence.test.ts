/** Evidence of an execution, and its sealed details, as an owner gets and checks them. */
import { beforeAll, describe, expect, test } from "vitest";
import { EvidenceFile, evidenceSigner } from "#shared/core/audit/evidence-format";
import { parseNoteKey } from "#shared/core/audit/signed-note";
import { saltedDigest } from "#shared/executions/request-digest";
import { type EvidenceKeys, verifyEvidence } from "../../audit/verify-evidence.ts";
import { auditLog } from "../../local/cloud/names.ts";
import { logPublicKey, rowsOf, sequence } from "../kit/audit-trail.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

const task = "echo text > made.txt; curl -sS -m 5 http://elsewhere.example/ || true";

let owner: TestOwner;
let executionId: string;
let keys: EvidenceKeys;

const ask = async (id: string, key = owner.key) =>
  await send(`/v1/executions/${id}/evidence`, { key });

/** Sequences until a checkpoint has all rows of the execution. */
async function evidenceOf(id: string): Promise<EvidenceFile> {
  await until("a checkpoint of the execution's rows", async () => {
    await sequence();
    return (await ask(id)).status === 200;
  });
  return EvidenceFile.parse((await ask(id)).json);
}

beforeAll(async () => {
  owner = await newOwner();
  const fields = { network: { mode: "allowlist", allow: [{ host: "allowed.example" }] } };
  const environmentId = await newEnvironment(owner.key, fields);
  const threadId = await newThread(owner.key, { environmentId });
  executionId = (await runScript(owner.key, threadId, task)).run.id;
  const key = parseNoteKey((await send("/v1/audit/evidence-key")).json.key);
  expect(key?.name).toBe(evidenceSigner(auditLog));
  const logs = [{ name: auditLog, publicKey: await logPublicKey() }];
  keys = { logs, evidence: key ? [key] : [], witnesses: [] };
});

describe("AUD-8 evidence of an execution", () => {
  test("waits until a checkpoint has its rows, and is verified offline then", async () => {
    const pending = await ask(executionId);
    expect(pending).toMatchObject({ status: 409, json: { code: "AUDIT_PENDING" } });
    expect(pending.headers["retry-after"]).toMatch(/^[0-9]+$/);
    const file = await evidenceOf(executionId);
    expect(verifyEvidence(file, keys)).toMatchObject({ origin: auditLog });
    const { evidence } = file;
    const { execution } = (await send(`/v1/executions/${executionId}`, { key: owner.key })).json;
    expect(evidence.execution).toMatchObject({
      ...{ id: executionId, ownerId: owner.id, status: "success" },
      chargedMicrousd: Math.round(execution.cost * 1e6),
    });
    expect(evidence.files).toEqual([
      { path: "made.txt", changeKind: "created", additions: 1, deletions: 0 },
    ]);
    expect(evidence.workspace.savedManifestSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(evidence.attempts).toMatchObject([{ host: "elsewhere.example", verdict: "refused" }]);
    expect(evidence.network.policy).toMatchObject({ mode: "allowlist" });
    expect(evidence.costs).toMatchObject([{ type: "charge" }]);
    // The local platform runs no image.
    expect(evidence.image).toEqual({ reference: null, reason: expect.stringContaining("digest") });
    expect(evidence.rows.map(({ row }) => row.action)).toEqual([
      "execution.started",
      "execution.claimed",
      "execution.ended",
    ]);
    expect(JSON.stringify(file)).not.toContain("echo text");
  });

  test("is recorded as a read of the trail, and needs both scopes", async () => {
    await evidenceOf(executionId);
    const reads = (await rowsOf(owner.id)).filter(({ action }) => action === "audit.read");
    expect(reads.map(({ facts }) => facts.route)).toContain("evidence");
    for (const scope of ["audit:read", "threads:read"]) {
      const body = { name: scope, scopes: [scope] };
      const { json: made } = await send("/v1/keys", { key: owner.key, body });
      expect((await ask(executionId, made.key)).json.code).toBe("FORBIDDEN");
    }
  });

  test("isn't made of an execution that runs, and shows what somebody changed later", async () => {
    const threadId = await newThread(owner.key);
    const { executionId: running, over } = await startExecution(owner, threadId, "sleep 600");
    await untilRunning(owner, running);
    const early = await ask(running);
    expect(early).toMatchObject({ status: 409, json: { code: "EXECUTION_RUNNING" } });
    expect(early.headers["retry-after"]).toBe("10");
    await send(`/v1/threads/${threadId}/cancel`, { key: owner.key, method: "POST" });
    await over;
    const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
    const { limits } = (await place.get()).data() ?? {};
    await place.update({ limits: { ...limits, wallClockMs: 1 } });
    const file = await evidenceOf(executionId);
    await place.update({ limits });
    expect(() => verifyEvidence(file, keys)).toThrow("contradicts limitsSha256");
  });
});

describe("AUD-9 sealed details", () => {
  const details = async (id: string | undefined, key = owner.key) =>
    await send(`/v1/audit/${id}/details`, { key });

  /** The row with the sealed task; an execution has others that seal nothing. */
  const rowOfStart = async () =>
    (await rowsOf(owner.id)).find(
      ({ subject, action }) => subject === executionId && action === "execution.started",
    );

  test("are opened for the owner, with the text that the digest is of", async () => {
    const started = await rowOfStart();
    const { status, json, text } = await details(started?.id);
    expect(status, text).toBe(200);
    expect(json.details).toMatchObject({ task, address: expect.any(String) });
    expect(started?.facts.taskDigest).toBe(saltedDigest(json.details.taskSalt, task));
    const claimed = (await rowsOf(owner.id)).find(({ action }) => action === "execution.claimed");
    expect((await details(claimed?.id)).json.message).toBe("The row has no sealed details.");
    const reads = (await rowsOf(owner.id)).filter(({ action }) => action === "audit.read");
    expect(reads.map(({ facts }) => facts.route)).toContain("details");
    const stranger = await newOwner({ creditUsd: 0 });
    expect(await details(started?.id, stranger.key)).toMatchObject({ status: 404 });
  });

  test("of a row that was changed aren't shown", async () => {
    const row = await rowOfStart();
    const place = firestore().doc(`owners/${owner.id}/audit/${row?.id}`);
    await place.update({ "facts.model": "another" });
    const answer = await details(row?.id);
    await place.update({ "facts.model": row?.facts.model });
    expect(answer).toMatchObject({ status: 500 });
    expect(answer.text).not.toContain("echo text");
  });

  test("can't be opened once their key is destroyed, and every proof stays valid", async () => {
    const row = await rowOfStart();
    await firestore("keys").doc(`owners/${owner.id}/sealingKeys/audit-details`).delete();
    const answer = await details(row?.id);
    expect(answer).toMatchObject({ status: 410, json: { code: "DETAILS_DESTROYED" } });
    expect(verifyEvidence(await evidenceOf(executionId), keys)).not.toBeNull();
  });
});
