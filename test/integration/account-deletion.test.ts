/** An account that is deleted: keys die at once, nothing is left, and a signed note says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseNote, parseNoteKey, verifyNote } from "#shared/core/audit/signed-note";
import { scopes } from "#shared/core/keys/scopes";
import { dayMs } from "#shared/core/retention/periods";
import {
  archiveBucket,
  billingArchive,
  exportBucket,
  firstOperator,
  workspaceBucket,
} from "../../local/cloud/names.ts";
import { sequence, treeOf } from "../kit/audit-trail.ts";
import { send } from "../kit/client.ts";
import { operatorTokenFor, until } from "../kit/cloud.ts";
import { allDocuments } from "../kit/dump.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { beginUpload, openSession, sendChunk, someBytes } from "../kit/signed-transfers.ts";
import { auditOf, bucketOf, firestore } from "../kit/store.ts";
import { sweep } from "../kit/sweep.ts";

const pass = { kind: "delay", delayMs: 0 } as const;
let maintenance: FunctionAside;
let neighbour: TestOwner;

beforeAll(async () => {
  const [[started], made] = await Promise.all([startAsides("maintenance", 1), newOwner()]);
  maintenance = started ?? expect.fail();
  neighbour = made;
});

afterAll(async () => {
  await maintenance?.stop();
});

const others = scopes.filter((scope) => scope !== "*" && scope !== "account:delete");

/** A key that may delete the account, and nothing else. */
async function deletingKey(owner: TestOwner): Promise<string> {
  const body = { name: "the end", scopes: ["account:delete"] };
  const made = await send("/v1/keys", { key: owner.key, body });
  expect(made.status, made.text).toBe(201);
  return made.json.key;
}

async function order(owner: TestOwner): Promise<string> {
  const key = await deletingKey(owner);
  const answer = await send("/v1/account", { key, method: "DELETE" });
  expect(answer.json, answer.text).toMatchObject({ success: true, userId: owner.id });
  expect(answer.json).toMatchObject({ keysClosed: true, deletion: { state: "pending" } });
  expect((await send("/v1/account", { key, method: "DELETE" })).status).toBe(401);
  return answer.json.receipt;
}

const deletionOf = ({ id }: TestOwner) => firestore().doc(`accountDeletions/${id}`);
const shown = async (receipt: string) =>
  (await send("/v1/account/deletion", { body: { receipt } })).json.deletion;
const cancel = async (receipt: string) =>
  await send("/v1/account/deletion/cancel", { body: { receipt } });

/** Lets the time to cancel pass, and that in which ledger lines may still come. */
async function passTime(owner: TestOwner): Promise<void> {
  const { docs } = await firestore().collection(`owners/${owner.id}/ledger`).get();
  for (const { ref } of docs) await ref.update({ createdAt: Date.now() - dayMs });
  await deletionOf(owner).update({ eraseAt: 1, dueAt: 1 });
}

/** One call of maintenance for this account, whatever its turn is. */
async function goOn(owner: TestOwner, address?: string): Promise<string> {
  if ((await deletionOf(owner).get()).get("dueAt") !== null) {
    await deletionOf(owner).update({ dueAt: 1 });
  }
  await sweep("accounts", address);
  return (await deletionOf(owner).get()).get("state");
}

async function untilErased(owner: TestOwner): Promise<void> {
  await until("the account to be erased", async () => {
    await sequence();
    return (await goOn(owner)) === "erased";
  });
}

async function objectsOf({ id }: TestOwner, bucket: string, prefix: string): Promise<number> {
  return (await bucketOf(bucket).getFiles({ prefix: `${prefix}/${id}/` }))[0].length;
}

/** An owner with something in every store. */
async function newOwnerWithData() {
  const owner = await newOwner();
  const { key } = owner;
  const secrets = [{ key: "TOKEN", value: "a-secret-value" }];
  const environmentId = await newEnvironment(key, { secrets });
  await send("/v1/agents", { key, body: { name: "helper", model: "shell" } });
  const threadId = await newThread(key, { environmentId });
  const word = `word${Math.random().toString(36).slice(2)}`;
  const { run } = await runScript(key, threadId, `echo ${word} > kept.txt; cat kept.txt`);
  expect(run.status).toBe("success");
  return { owner, word };
}

describe("DAT-4 an account that is deleted", () => {
  test("loses its keys at once, and gets them back if the deletion is cancelled", async () => {
    const owner = await newOwner({ creditUsd: 1 });
    const get = async () => (await send("/v1/agents", { key: owner.key })).status;
    const made = await send("/v1/keys", { key: owner.key, body: { name: "x", scopes: others } });
    const refused = await send("/v1/account", { key: made.json.key, method: "DELETE" });
    expect(refused.json).toMatchObject({ details: { requiredScope: "account:delete" } });
    const receipt = await order(owner);
    expect(await get()).toBe(401);
    expect(await shown(receipt)).toMatchObject({ userId: owner.id, state: "pending" });
    const operator = await operatorTokenFor(firstOperator);
    const resume = `/v1/admin/users/${owner.id}/resume`;
    expect((await send(resume, { key: operator, method: "POST" })).status).toBe(409);
    expect(await goOn(owner), "nothing is erased before its time").toBe("pending");
    expect((await cancel(receipt)).json.deletion.state).toBe("cancelled");
    expect(await get()).toBe(200);
    // The answer may have been lost.
    expect((await cancel(receipt)).json.deletion.state).toBe("cancelled");
    expect((await cancel("0".repeat(64))).status).toBe(404);
    const actions = (await auditOf(owner.id)).map(({ action }) => action);
    expect(actions.filter((action) => action.startsWith("account."))).toEqual([
      "account.deleted",
      "account.deletion_cancelled",
    ]);
  });

  test("is gone from every store, and a certificate lists what went and what is kept", async () => {
    const { owner, word } = await newOwnerWithData();
    expect(await allDocuments(owner.id)).toContain(word);
    expect(await objectsOf(owner, workspaceBucket, "owners")).toBeGreaterThan(0);
    const archive = bucketOf(exportBucket).file(`exports/${owner.id}/exp_1-1.zip`);
    await archive.save("one more copy", { resumable: false });
    const receipt = await order(owner);
    await passTime(owner);
    expect(await goOn(owner)).toBe("erasing");
    expect((await cancel(receipt)).status).toBe(409);
    await untilErased(owner);

    const left = await firestore().doc(`owners/${owner.id}`).listCollections();
    expect(left.map(({ id }) => id)).toEqual(["auditTrees"]);
    expect(await firestore("keys").doc(`owners/${owner.id}`).listCollections()).toEqual([]);
    const keys = firestore().collection("apiKeys").where("ownerId", "==", owner.id);
    expect((await keys.get()).size).toBe(0);
    expect(await allDocuments(owner.id)).not.toContain(word);
    expect(await objectsOf(owner, workspaceBucket, "owners")).toBe(0);
    expect(await archive.exists()).toEqual([false]);
    expect(await objectsOf(owner, archiveBucket, billingArchive)).toBe(1);

    const { certificate, certificateKey, state } = await shown(receipt);
    expect(state).toBe("erased");
    const note = parseNote(certificate) ?? expect.fail("no note");
    expect(verifyNote(note, parseNoteKey(certificateKey) ?? expect.fail())).toBeTruthy();
    const tree = await treeOf(owner.id);
    for (const line of [
      `account ${owner.id}`,
      "erased main owners/*/threads",
      "erased keys owners/*/sealingKeys",
      "erased main apiKeys",
      "erased bucket workspaces packs",
      "erased bucket exports archives",
      `kept audit hashes: ${tree.size} leaves, root ${tree.published?.root}: signed checkpoints`,
    ]) {
      expect(note.text).toContain(`${line}\n`);
    }
    expect(note.text).toContain(`kept billing records: 1 objects of ${billingArchive}, last `);
    const key = await operatorTokenFor(firstOperator);
    const seen = await send(`/v1/admin/users/${owner.id}/deletion`, { key });
    expect(seen.json.deletion.certificate).toBe(certificate);
    expect((await send("/v1/agents", { key: owner.key })).status).toBe(401);
    expect((await send("/v1/agents", { key: neighbour.key })).status).toBe(200);
  });

  test.runIf(isTurn(0, 2))(
    "isn't certified while anything is left, even where no table looks",
    async () => {
      const owner = await newOwner({ creditUsd: 0 });
      await order(owner);
      await passTime(owner);
      await until("the search", async () => {
        await sequence();
        return (await goOn(owner)) === "checking";
      });
      const below = firestore().doc(`owners/${owner.id}/forgotten/one/deeper/two`);
      await below.set({ text: "left" });
      expect(await goOn(owner)).toBe("erasing");
      await untilErased(owner);
      expect((await below.get()).exists).toBe(false);
    },
  );

  test("isn't certified before the last session of an upload has ended, and leaves no file", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    const environmentId = await newEnvironment(owner.key);
    const bytes = someBytes(1_000);
    const begun = await beginUpload(owner, environmentId, { path: "late", size: bytes.length });
    const session = await openSession(begun.json.upload.request);
    const receipt = await order(owner);
    await passTime(owner);
    await until("the erasure", async () => {
      await sequence();
      return (await goOn(owner)) === "checking";
    });
    const whole = { bytes, offset: 0, total: bytes.length };
    expect((await sendChunk(session, whole)).status).toBe(200);
    expect(await goOn(owner)).toBe("checking");
    expect(await objectsOf(owner, workspaceBucket, "owners")).toBe(1);
    const { requestedAt, searchAt } = (await deletionOf(owner).get()).data() ?? {};
    expect(searchAt - requestedAt).toBe(8 * dayMs);
    await deletionOf(owner).update({ searchAt: 1 });
    // Deleted without an alarm, which any user could cause.
    expect(await goOn(owner)).toBe("erased");
    expect(await objectsOf(owner, workspaceBucket, "owners")).toBe(0);
    expect((await shown(receipt)).certificate).toContain(`account ${owner.id}`);
  });

  const commits = [2, 3, 4, 6, 9, 14, 22];

  test.each(sharedOut(commits, commits.length))(
    "is erased though maintenance is killed before its commit %i of each state",
    async (number) => {
      const owner = await newOwner({ creditUsd: 1 });
      await order(owner);
      await passTime(owner);
      const { faults } = maintenance.proxy;
      for (const state of ["pending", "erasing", "checking"]) {
        await until(`the state ${state}`, async () => {
          const now = (await deletionOf(owner).get()).get("state");
          if (now === state) return true;
          await sequence();
          await goOn(owner);
          return false;
        });
        if (number > 1) faults.order("Commit", pass, number - 1);
        faults.order("Commit", { kind: "hold-before" });
        await maintenance.untilUp();
        let isOver = false;
        const call = goOn(owner, maintenance.baseUrl)
          .catch(() => null)
          .finally(() => {
            isOver = true;
          });
        await until("a held commit, or the end", async () => faults.held === 1 || isOver);
        if (!isOver) await maintenance.kill();
        await call;
        faults.clear();
      }
      await untilErased(owner);
      const left = await firestore().doc(`owners/${owner.id}`).listCollections();
      expect(left.map(({ id }) => id)).toEqual(["auditTrees"]);
      expect(await objectsOf(owner, archiveBucket, billingArchive)).toBe(1);
    },
  );
});
