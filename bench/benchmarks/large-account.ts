import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Firestore } from "@google-cloud/firestore";
import { nanoid } from "nanoid";
import * as z from "zod";
import { AccountExportBody } from "#shared/contract/account-export";
import { idOf } from "#shared/core/ids";
import { dayMs } from "#shared/core/retention/periods";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import { call } from "../../scripts/demo/api.ts";
import type { Bench, Effort, Figure, Row } from "../figure.ts";
import { type BenchOwner, newOwner } from "../owners.ts";
import { heldMb, processesOf } from "../processes.ts";
import { timed } from "../statistics.ts";

/** An account as a busy team leaves it. */
const sizes: Readonly<Record<Effort, { threads: number; files: number; fileBytes: number }>> = {
  short: { threads: 200, files: 2, fileBytes: 1_000_000 },
  full: { threads: 10_000, files: 50, fileBytes: 20_000_000 },
};
const writesPerBatch = 250;
const pauseMs = 250;
/** Ends a bench that hangs; the goals are far below. */
const stepMsMax = 20 * 60_000;
const goalMs = 5 * 60_000;
const memoryMbMax = 200;

/** How long it takes to export a large account and to erase it, scheduler's pauses included. */
export const largeAccount: Figure = {
  name: "account",
  title: "An account of 10,000 threads and 1 GB is exported and erased",
  async run(bench) {
    const database = openFirestore(bench.environment);
    try {
      const owner = await newOwner(bench);
      const size = sizes[bench.effort];
      await uploadFiles(bench, owner, size);
      const environmentId = await newEnvironment(bench, owner);
      const documents = await plantThreads(database, owner, { ...size, environmentId });
      const exported = await exportAccount(bench, database, owner);
      const readMs = await timed(() => readAll(database, documents));
      const erased = await eraseAccount(bench, database, owner);
      const copies = await plantThreads(database, await newOwner(bench), {
        ...size,
        environmentId,
      });
      const deleteMs = await timed(() => deleteAll(database, copies));
      return [
        ...rowsOf("export", exported, { what: "its documents, read alone", value: readMs }),
        ...rowsOf("erasure", erased, { what: "as many documents, deleted alone", value: deleteMs }),
      ];
    } finally {
      await database.terminate();
    }
  },
};

interface Measured {
  readonly tookMs: number;
  /** What the function's process held at most. */
  readonly memoryMb: number;
}

function rowsOf(what: string, measured: Measured, baseline: NonNullable<Row["baseline"]>): Row[] {
  return [
    {
      what,
      unit: "ms",
      value: measured.tookMs,
      baseline,
      goal: { of: "value", atMost: goalMs },
    },
    {
      what: `${what}: memory, the most`,
      unit: "MB",
      value: measured.memoryMb,
      goal: { of: "value", atMost: memoryMbMax },
    },
  ];
}

const Environment = z.object({ environment: z.object({ id: z.string() }) });

async function newEnvironment({ baseUrl }: Bench, { key }: BenchOwner): Promise<string> {
  const fields = { name: "large account", computeProfile: "power" };
  const url = `${baseUrl}/v1/environments`;
  return (await call({ url, key }, Environment, fields)).environment.id;
}

async function uploadFiles(
  bench: Bench,
  owner: BenchOwner,
  { files, fileBytes }: { readonly files: number; readonly fileBytes: number },
): Promise<void> {
  const environmentId = await newEnvironment(bench, owner);
  const url = `${bench.baseUrl}/v1/environments/${environmentId}/files/upload`;
  for (let number = 0; number < files; number += 1) {
    const form = new FormData();
    form.append("file", new File([randomBytes(fileBytes)], `file-${number}.bin`));
    await call({ url, key: owner.key }, z.unknown(), form);
  }
}

/** @returns the paths of what was made: threads with one message each. */
async function plantThreads(
  database: Firestore,
  { id: ownerId }: BenchOwner,
  { threads, environmentId }: { readonly threads: number; readonly environmentId: string },
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (let first = 0; first < threads; first += writesPerBatch / 2) {
    const batch = database.batch();
    for (let number = first; number < Math.min(threads, first + writesPerBatch / 2); number += 1) {
      const threadId = idOf("thread", nanoid());
      const threadPath = `owners/${ownerId}/threads/${threadId}`;
      const messageId = idOf("message", nanoid());
      const messagePath = `${threadPath}/messages/${messageId}`;
      batch.set(database.doc(threadPath), threadOf(threadId, environmentId));
      batch.set(database.doc(messagePath), messageOf(messageId));
      paths.push(threadPath, messagePath);
    }
    await batch.commit();
  }
  return paths;
}

function threadOf(id: string, environmentId: string) {
  const createdAt = Date.now();
  return {
    ...{ v: 1, id, environmentId, agentId: null, projectId: null, appId: null },
    ...{ title: `Thread ${id}`, status: "completed", executionId: null, messageCount: 1 },
    ...{ inputTokens: 0, outputTokens: 0, costMicrousd: 0, computeMs: 0 },
    ...{ startedAt: createdAt, endedAt: createdAt, lastMessageAt: createdAt },
    ...{ lastMessagePreview: "A message", metadataJson: "{}", createdAt, updatedAt: createdAt },
  };
}

function messageOf(id: string) {
  const content = "A message of the usual length, which says what to do next. ".repeat(8);
  const executionId = idOf("execution", nanoid());
  return { v: 1, id, role: "user", content, executionId, createdAt: Date.now() };
}

const Export = z.object({ export: AccountExportBody });

async function exportAccount(
  { baseUrl, distFolder }: Bench,
  database: Firestore,
  { id, key }: BenchOwner,
): Promise<Measured> {
  const tree = database.doc(`owners/${id}/auditTrees/head`);
  await until("a checkpoint of the trail", async () => (await tree.get()).get("published"));
  const url = `${baseUrl}/v1/account/export`;
  await call({ url, key, method: "POST" }, Export);
  return await watched(join(distFolder, "functions/exporter.cjs"), async () => {
    const exported = await until("the export", async () => {
      const { export: state } = await call({ url, key }, Export);
      if (state.status === "failed") throw new Error("the export failed");
      return state.status === "ready" ? state : null;
    });
    const headers = { authorization: `Bearer ${key}` };
    const archive = await fetch(`${url}/${exported.id}/archive`, { headers });
    let bytes = 0;
    for await (const part of archive.body ?? []) bytes += part.length;
    if (bytes !== exported.sizeBytes) throw new Error(`the archive ended after ${bytes} bytes`);
  });
}

/** Until nothing is left to erase. The search for remains begins minutes later in any case. */
async function eraseAccount(
  { baseUrl, distFolder }: Bench,
  database: Firestore,
  { id, key }: BenchOwner,
): Promise<Measured> {
  await call({ url: `${baseUrl}/v1/account`, key, method: "DELETE" }, z.unknown());
  // As if the time to cancel had passed, and that in which a ledger line may still come.
  const { docs } = await database.collection(`owners/${id}/ledger`).get();
  await Promise.all(docs.map((doc) => doc.ref.update({ createdAt: Date.now() - dayMs })));
  const deletion = database.doc(`accountDeletions/${id}`);
  await deletion.update({ eraseAt: 1, dueAt: 1 });
  return await watched(join(distFolder, "functions/maintenance.cjs"), async () => {
    await until("the erasure", async () => (await deletion.get()).get("state") === "checking");
  });
}

/** Measures how long work takes, and the most that the processes of a bundle hold meanwhile. */
async function watched(bundle: string, work: () => Promise<void>): Promise<Measured> {
  let memoryMb = 0;
  const look = () => {
    for (const pid of processesOf(bundle)) memoryMb = Math.max(memoryMb, heldMb(pid).now);
  };
  const looking = setInterval(look, pauseMs);
  try {
    const tookMs = await timed(work);
    look();
    return { tookMs, memoryMb };
  } finally {
    clearInterval(looking);
  }
}

async function readAll(database: Firestore, paths: readonly string[]): Promise<void> {
  for (let first = 0; first < paths.length; first += writesPerBatch) {
    const page = paths.slice(first, first + writesPerBatch);
    await database.getAll(...page.map((path) => database.doc(path)));
  }
}

async function deleteAll(database: Firestore, paths: readonly string[]): Promise<void> {
  for (let first = 0; first < paths.length; first += writesPerBatch) {
    const batch = database.batch();
    for (const path of paths.slice(first, first + writesPerBatch)) batch.delete(database.doc(path));
    await batch.commit();
  }
}

async function until<T>(what: string, look: () => Promise<T | null | undefined | false>) {
  const beganAt = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() - beganAt > stepMsMax) throw new Error(`${what} didn't come`);
    await wait(pauseMs);
  }
}
