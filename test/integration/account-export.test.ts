/** Owners get everything that is theirs in one archive, whatever dies while it is made. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dayMs } from "#shared/core/retention/periods";
import { workspaceBucket } from "../../local/cloud/names.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { sequence } from "../kit/audit-trail.ts";
import { multipart, send } from "../kit/client.ts";
import { orderFault, releaseHeld, until, untilHeld } from "../kit/cloud.ts";
import { expectEveryKind, linesOf, plantKinds } from "../kit/exported-kinds.ts";
import { build, newProvenOwner } from "../kit/exports.ts";
import { type FunctionAside, startAside } from "../kit/function-aside.ts";
import { endOf, newOrchestration, startRun } from "../kit/orchestrations.ts";
import {
  anotherKey,
  newEnvironment,
  newOwner,
  newThread,
  runScript,
  type TestOwner,
} from "../kit/owners.ts";
import { readZip } from "../kit/read-zip.ts";
import { isTurn } from "../kit/shard.ts";
import { auditOf, bucketOf, firestore } from "../kit/store.ts";

const run = promisify(execFile);
const secret = "a secret value that nobody exports";
let aside: FunctionAside;

beforeAll(async () => {
  // Exports that other files' tests have asked for would be built and counted here.
  const { docs } = await firestore().collection("dueExports").get();
  await Promise.all(docs.map((doc) => doc.ref.delete()));
  aside = await startAside("exporter", {});
});
afterAll(async () => {
  await aside.stop();
});

const ask = async ({ key }: TestOwner) => await send("/v1/account/export", { key, method: "POST" });
const look = async ({ key }: TestOwner) => (await send("/v1/account/export", { key })).json.export;
const archivePath = (id: string) => `/v1/account/export/${id}/archive`;
const stored = ({ id }: TestOwner) => firestore().doc(`owners/${id}/exports/last`);
const due = ({ id }: TestOwner) => firestore().doc(`dueExports/${id}`);

/** Stores three messages whose ids aren't in the order of their times. */
async function plantMessages({ id }: TestOwner, threadId: string, content: string): Promise<void> {
  const messages = firestore().collection(`owners/${id}/threads/${threadId}/messages`);
  const fixed = { v: 1, role: "user", content, executionId: "run_none" };
  for (const [index, name] of ["c", "a", "b"].entries()) {
    const messageId = `${threadId}-${name}`;
    await messages.doc(messageId).create({ ...fixed, id: messageId, createdAt: index + 1 });
  }
}

describe("DAT-5 an export", () => {
  test("has everything that is the owner's, and no secret", async () => {
    const owner = await newProvenOwner();
    const { key } = owner;
    const secrets = [{ key: "TOKEN", value: secret }];
    const environmentId = await newEnvironment(key, { secrets });
    const odd = multipart({ name: "50%.txt", bytes: "odd\n" });
    const path = `/v1/environments/${environmentId}/files/upload`;
    await send(path, { key, method: "POST", ...odd });
    await send("/v1/agents", { key, body: { name: "helper", model: "shell" } });
    const threadId = await newThread(key, { environmentId });
    const { run: execution } = await runScript(key, threadId, "echo made > made.txt; cat made.txt");

    const started = await plantKinds(owner, environmentId);
    const asked = await ask(owner);
    expect(asked).toMatchObject({ status: 202, json: { export: { status: "waiting" } } });
    const { id } = asked.json.export;
    expect((await ask(owner)).json).toMatchObject({ code: "CONFLICT", details: { id } });
    expect((await send(archivePath(id), { key })).status).toBe(409);
    await sequence();
    await until("the export", async () => (await build()).built === 1);
    const ready = await look(owner);
    expect(ready).toMatchObject({ id, status: "ready" });
    expect(Date.parse(ready.expiresAt) - Date.parse(ready.completedAt)).toBe(7 * dayMs);
    expect((await ask(owner)).json).toMatchObject({ code: "RATE_LIMITED" });

    const whole = await send(archivePath(id), { key });
    expect(whole.status).toBe(200);
    expect(whole.bytes.length).toBe(ready.sizeBytes);
    const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(sha256(whole.bytes)).toBe(ready.sha256);
    const headers = { range: "bytes=-100" };
    const part = await send(archivePath(id), { key, headers });
    expect(part.status).toBe(206);
    expect(part.bytes).toEqual(whole.bytes.subarray(-100));

    const files = await readZip(whole.bytes);
    for (const { name, ...listed } of linesOf(files, "manifest.ndjson").slice(1)) {
      const bytes = files.get(name) ?? Buffer.alloc(0);
      expect({ name, sizeBytes: bytes.length, sha256: sha256(bytes) }).toEqual({ name, ...listed });
    }
    expectContent(files, { owner, environmentId, threadId, executionId: execution.id });
    expectEveryKind(files, started);
    await expectProven(files.get("audit.ndjson") ?? Buffer.alloc(0));
    expect((await auditOf(owner.id)).map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        "account.export_requested",
        "account.exported",
        "account.export_downloaded",
      ]),
    );
  });

  test("has no copy of an answer that was deleted", async () => {
    const owner = await newProvenOwner();
    const { key } = owner;
    const steps = [{ name: "one", instructions: "echo said | tr a-z A-Z" }];
    const made = await newOrchestration(key, { steps });
    const [result] = (await endOf(key, await startRun(key, made.id))).stepResults;
    expect(result.output).toBe("SAID\n");
    await send(`/v1/threads/${result.threadId}`, { key, method: "DELETE" });
    const { id } = (await ask(owner)).json.export;
    await sequence();
    await until("the export", async () => (await build()).built === 1);
    const files = await readZip((await send(archivePath(id), { key })).bytes);
    const gone = { output: null, outputDeleted: true };
    expect(linesOf(files, "orchestration-runs.ndjson")).toMatchObject([{ stepResults: [gone] }]);
    for (const [name, bytes] of files) expect(bytes.includes("SAID"), name).toBe(false);
  });

  function expectContent(
    files: ReadonlyMap<string, Buffer>,
    made: {
      readonly owner: TestOwner;
      readonly environmentId: string;
      readonly threadId: string;
      readonly executionId: string;
    },
  ): void {
    const { owner, environmentId, threadId, executionId } = made;
    expect(linesOf(files, "account.ndjson")).toMatchObject([{ id: owner.id }]);
    expect(linesOf(files, "keys.ndjson")).toMatchObject([{ id: owner.keyId }]);
    expect(linesOf(files, "agents.ndjson")).toMatchObject([{ name: "helper" }]);
    expect(linesOf(files, "environments.ndjson")).toMatchObject([{ id: environmentId }]);
    expect(linesOf(files, "threads.ndjson")).toMatchObject([{ id: threadId }]);
    expect(linesOf(files, "messages.ndjson").map(({ role }) => role)).toEqual([
      "user",
      "assistant",
    ]);
    expect(linesOf(files, "executions.ndjson")).toMatchObject([{ id: executionId }]);
    expect(linesOf(files, "events.ndjson").length).toBeGreaterThan(1);
    expect(linesOf(files, "billing.ndjson").map(({ recordType }) => recordType)).toEqual([
      "credit",
      "charge",
    ]);
    const folder = `environments/${environmentId}`;
    expect(String(files.get(`${folder}/files/made.txt`))).toBe("made\n");
    expect(String(files.get(`${folder}/files/50%25.txt`))).toBe("odd\n");
    expect(linesOf(files, `${folder}/files.ndjson`)).toContainEqual(
      expect.objectContaining({ path: "50%.txt", name: `${folder}/files/50%25.txt` }),
    );
    for (const [name, bytes] of files) {
      for (const hidden of [secret, owner.key]) expect(bytes.includes(hidden), name).toBe(false);
    }
  }

  async function expectProven(trail: Buffer): Promise<void> {
    const file = join(temporaryFolder("paddock-export-"), "audit.ndjson");
    await writeFile(file, trail);
    const { key } = (await send("/v1/audit/log-key")).json;
    const args = [join(repositoryRoot, "audit/main.ts"), file, "--key", key];
    expect((await run(process.execPath, args)).stdout).toContain("as they were logged");
  }

  test("has everything else if storage has lost a file", async () => {
    const owner = await newProvenOwner();
    const { key } = owner;
    const environmentId = await newEnvironment(key);
    const path = `/v1/environments/${environmentId}/files/upload`;
    await send(path, { key, method: "POST", ...multipart({ name: "lost.txt", bytes: "lost\n" }) });
    await bucketOf(workspaceBucket).deleteFiles({ prefix: `owners/${owner.id}/packs/` });
    await send(path, { key, method: "POST", ...multipart({ name: "kept.txt", bytes: "kept\n" }) });
    const { id } = (await ask(owner)).json.export;
    await until("the export", async () => (await build()).built === 1);
    const files = await readZip((await send(archivePath(id), { key })).bytes);
    const folder = `environments/${environmentId}/files`;
    expect(String(files.get(`${folder}/kept.txt`))).toBe("kept\n");
    const listed = linesOf(files, "manifest.ndjson").filter(({ lostBytes }) => lostBytes);
    expect(listed).toMatchObject([{ name: `${folder}/lost.txt`, sizeBytes: 0, lostBytes: 5 }]);
  });

  test("lists messages as they were written, and nothing of a thread that was deleted", async () => {
    const owner = await newProvenOwner();
    const neighbour = await newOwner({ creditUsd: 0 });
    await plantMessages(neighbour, await newThread(neighbour.key), "theirs");
    const gone = await newThread(owner.key);
    await runScript(owner.key, gone, "echo gone");
    // As between the deletion's commit and the sweep that erases.
    await firestore().doc(`owners/${owner.id}/threads/${gone}`).delete();
    const kept = [await newThread(owner.key), await newThread(owner.key)].sort();
    await plantMessages(owner, kept[0] ?? "", "short");
    await plantMessages(owner, kept[1] ?? "", "long".repeat(100_000));

    const { id } = (await ask(owner)).json.export;
    await until("the export", async () => (await build()).built === 1);
    const files = await readZip((await send(archivePath(id), { key: owner.key })).bytes);
    const listed = linesOf(files, "messages.ndjson");
    const inOrder = kept.flatMap((threadId) =>
      ["c", "a", "b"].map((name) => `${threadId}-${name}`),
    );
    expect(listed.map((message) => message.id)).toEqual(inOrder);
    for (const name of ["executions.ndjson", "events.ndjson", "egress.ndjson"]) {
      expect(linesOf(files, name), name).toEqual([]);
    }
  });

  test("is for the owner's keys alone, and of them for those that may see everything", async () => {
    const owner = await newProvenOwner();
    const { id } = (await ask(owner)).json.export;
    await until("the export", async () => (await build()).built === 1);
    const stranger = await newOwner({ creditUsd: 0 });
    expect((await send(archivePath(id), { key: stranger.key })).status).toBe(404);
    const environmentIds = [await newEnvironment(owner.key)];
    const bounded = { name: "bounded", environmentIds };
    const { key } = (await send("/v1/keys", { key: owner.key, body: bounded })).json;
    expect((await send(archivePath(id), { key })).status).toBe(403);
    expect((await send("/v1/account/export", { key, method: "POST" })).status).toBe(403);
    expect((await send("/v1/account/export", { key })).status).toBe(403);
    const other = await anotherKey(owner);
    expect((await send(archivePath(id), { key: other.key })).status).toBe(200);
    await stored(owner).update({ completedAt: Date.now() - 7 * dayMs });
    expect((await send(archivePath(id), { key: owner.key })).status).toBe(404);
  });

  test("waits for the trail's first checkpoint without counting that as a failure", async () => {
    const owner = await newOwner({ creditUsd: 0 });
    await ask(owner);
    expect(await build()).toMatchObject({ waits: 1 });
    expect((await stored(owner).get()).data()).toMatchObject({ state: "waiting", attempt: 0 });
    await due(owner).delete();
  });

  test.runIf(isTurn(0, 2))(
    "is begun again if who makes it dies, and what was written is never shown",
    async () => {
      const owner = await newProvenOwner();
      const { id } = (await ask(owner)).json.export;
      await orderFault("storage", { method: "upload", fault: { kind: "hold-before" }, calls: 1 });
      const ended = build(aside.baseUrl).catch(() => null);
      await untilHeld("storage");
      expect(await look(owner)).toMatchObject({ status: "building" });
      await aside.kill();
      await ended;
      await releaseHeld("storage");
      expect((await send(archivePath(id), { key: owner.key })).status).toBe(409);
      // Nobody else takes it before the lease is over.
      expect(await build()).toEqual({});
      await due(owner).update({ dueAt: 0 });
      await until("the export", async () => (await build()).built === 1);
      expect((await stored(owner).get()).data()).toMatchObject({ state: "ready", attempt: 2 });
      expect((await send(archivePath(id), { key: owner.key })).status).toBe(200);
      expect((await due(owner).get()).exists).toBe(false);
    },
  );

  test.runIf(isTurn(1, 2))(
    "is made once by two processes, and given up after some attempts",
    async () => {
      const owner = await newProvenOwner();
      await until("the process to be back", async () => {
        return (await build(aside.baseUrl).catch(() => null)) !== null;
      });
      await ask(owner);
      const both = await Promise.all([build(), build(aside.baseUrl)]);
      expect(both.reduce((sum, { built = 0 }) => sum + built, 0)).toBe(1);
      const rows = await auditOf(owner.id);
      expect(rows.filter(({ action }) => action === "account.exported")).toHaveLength(1);

      await stored(owner).update({ requestedAt: 0 });
      expect((await ask(owner)).status).toBe(202);
      await stored(owner).update({ attempt: 5 });
      expect(await build()).toMatchObject({ failed: 1 });
      expect(await look(owner)).toMatchObject({ status: "failed", sizeBytes: null });
      expect((await ask(owner)).status, "a failed one is asked for again later").toBe(429);
      await stored(owner).update({ requestedAt: 0 });
      expect((await ask(owner)).status).toBe(202);
      await due(owner).delete();
    },
  );
});
