/** Plants audit rows, calls the sequencer, and reads what it has stored, from the database. */
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { Storage } from "@google-cloud/storage";
import { nanoid } from "nanoid";
import { expect } from "vitest";
import type * as z from "zod";
import { exportLines } from "#shared/audit/export-pieces";
import { readProvenHead } from "#shared/audit/read-proven-head";
import { parseCheckpoint } from "#shared/core/audit/checkpoint";
import { AuditEpoch, epochLeaf } from "#shared/core/audit/heads";
import { frontierOf, rootOf } from "#shared/core/audit/merkle-tree";
import { parseNote, publicKeyFromPem } from "#shared/core/audit/signed-note";
import { idOf } from "#shared/core/ids";
import { localEndpoint } from "#shared/google/endpoint";
import { newOwner } from "#shared/owners/act-on-owner";
import { auditEntry, StoredAuditRow } from "#shared/store/audit-rows";
import { AuditLog, AuditTree } from "#shared/store/audit-trees";
import { Store } from "#shared/store/store";
import {
  accounts,
  audiences,
  auditLog,
  checkpointBucket,
  keyRing,
  projectId,
} from "../../local/cloud/names.ts";
import { send } from "./client.ts";
import { cloud, functionUrl, idTokenFor } from "./cloud.ts";
import { firestore } from "./store.ts";

// No client looks for Google's metadata server on this machine.
process.env.METADATA_SERVER_DETECTION = "none";

type StoredRow = z.infer<typeof StoredAuditRow>;

const rowsPerCommit = 400;
const hex = (text: string) => Buffer.from(text, "hex");

export function newOwnerId(): string {
  return idOf("owner", nanoid());
}

/** Rows as changes leave them, all of one time unless `createdAt` says otherwise. */
export async function plantRows(
  ownerId: string,
  count: number,
  createdAt: (number: number) => number = () => 1_767_225_600_000,
): Promise<void> {
  const owner = newOwner(ownerId, "development");
  const store = new Store(firestore());
  for (let first = 0; first < count; first += rowsPerCommit) {
    const length = Math.min(rowsPerCommit, count - first);
    await store.commit(
      Array.from({ length }, (_, index) => {
        const id = idOf("auditRow", nanoid());
        return auditEntry(owner, {
          id,
          at: createdAt(first + index),
          actor: { type: "maintenance", id: "test" },
          action: "thing.changed",
          subject: id,
          requestId: id,
          facts: { number: first + index },
          sealedDetails: null,
        });
      }),
    );
  }
}

/** Calls the sequencer as the scheduler does. @param address Where a process of its own answers. */
export async function sequence(address?: string) {
  const baseUrl = address ?? (await functionUrl("audit-sequencer"));
  const key = await idTokenFor(accounts.scheduler, audiences.maintenance);
  return await send("/internal/audit/sequence", { baseUrl, key, method: "POST" });
}

/** An owner's rows, in the order of the tree; those without a place come last. */
export async function rowsOf(ownerId: string): Promise<readonly StoredRow[]> {
  const { docs } = await firestore().collection(`owners/${ownerId}/audit`).get();
  const rows = docs.map((doc) => StoredAuditRow.parse(doc.data()));
  const place = (row: StoredRow) => row.sequence ?? Number.POSITIVE_INFINITY;
  // Rows without a place follow in the order of their times.
  return rows.toSorted((one, other) => place(one) - place(other) || one.at - other.at);
}

async function documentOf<T>(path: string, schema: { parse(data: unknown): T }): Promise<T> {
  return schema.parse((await firestore().doc(path).get()).data());
}

export async function treeOf(ownerId: string): Promise<AuditTree> {
  return await documentOf(`owners/${ownerId}/auditTrees/head`, AuditTree);
}

export async function logOf(origin = auditLog): Promise<AuditLog> {
  return await documentOf(`auditLogs/${encodeURIComponent(origin)}`, AuditLog);
}

const checkpointKey = `${keyRing}/cryptoKeys/checkpoints`;

async function withKms<T>(work: (kms: KeyManagementServiceClient) => Promise<T>): Promise<T> {
  const endpoint = await localEndpoint(cloud().environment.PADDOCK_KMS_ENDPOINT);
  const kms = new KeyManagementServiceClient({ projectId, ...endpoint });
  try {
    return await work(kms);
  } finally {
    await kms.close();
  }
}

/** The public half of the key that signs checkpoints. */
export async function logPublicKey(version = "1"): Promise<Buffer> {
  return await withKms(async (kms) => {
    const name = `${checkpointKey}/cryptoKeyVersions/${version}`;
    const [{ pem }] = await kms.getPublicKey({ name });
    const raw = publicKeyFromPem(pem ?? "");
    if (!raw) throw new Error("KMS has another kind of key");
    return raw;
  });
}

/** Makes another version of that key, as an operator does. @returns its number. */
export async function newCheckpointVersion(): Promise<string> {
  return await withKms(async (kms) => {
    const [{ name }] = await kms.createCryptoKeyVersion({ parent: checkpointKey });
    return name?.split("/").at(-1) ?? "";
  });
}

/** The note that is stored for a size of the log; null if there is none. */
export async function storedNote(size: number, origin = auditLog): Promise<string | null> {
  const { STORAGE_EMULATOR_HOST: apiEndpoint = "" } = cloud().environment;
  const bucket = new Storage({ apiEndpoint, projectId }).bucket(checkpointBucket);
  const file = bucket.file(`${origin}/${String(size).padStart(16, "0")}`);
  const [exists] = await file.exists();
  return exists ? (await file.download())[0].toString() : null;
}

/** Each of the owner's rows has one place, in one tree that the map has the head of. */
export async function expectSequenced(ownerId: string, count: number): Promise<void> {
  const rows = await rowsOf(ownerId);
  expect(rows.map(({ sequence: place }) => place)).toEqual([...rows.keys()]);
  expect(rows).toHaveLength(count);
  expect(rows.filter(({ unsequenced }) => unsequenced !== null)).toEqual([]);
  const frontier = frontierOf(rows.map(({ leafHash }) => hex(leafHash)));
  const tree = await treeOf(ownerId);
  const root = rootOf(frontier).toString("hex");
  expect(tree).toMatchObject({ size: count, unpublished: null, published: { size: count, root } });
  expect(tree.roots).toEqual(frontier.roots.map((each) => each.toString("hex")));
  await expectNodes(ownerId, rows);
}

/** Every perfect subtree of 256 rows and more is stored, and no other. */
async function expectNodes(ownerId: string, rows: readonly StoredRow[]): Promise<void> {
  const wanted: Record<string, string> = {};
  for (let level = 8; 2 ** level <= rows.length; level += 1) {
    for (let index = 0; (index + 1) * 2 ** level <= rows.length; index += 1) {
      const below = rows.slice(index * 2 ** level, (index + 1) * 2 ** level);
      const root = rootOf(frontierOf(below.map(({ leafHash }) => hex(leafHash))));
      wanted[`${level}-${index}`] = root.toString("hex");
    }
  }
  const { docs } = await firestore().collection(`owners/${ownerId}/auditNodes`).get();
  expect(Object.fromEntries(docs.map((doc) => [doc.id, doc.get("hash")]))).toEqual(wanted);
}

async function epochsOf(origin: string): Promise<AuditEpoch[]> {
  const { docs } = await firestore().collection("auditEpochs").get();
  const own = docs.filter(({ id }) => id.startsWith(`${encodeURIComponent(origin)}-`));
  const epochs = own.map((doc) => AuditEpoch.parse(doc.data()));
  return epochs.toSorted((one, other) => one.number - other.number);
}

/** The log is one history: each stored checkpoint has the root of the epochs up to it. */
export async function expectOneLog(origin = auditLog): Promise<readonly AuditEpoch[]> {
  const { size, open } = await logOf(origin);
  expect(open).toBeNull();
  const epochs = await epochsOf(origin);
  expect(epochs.map(({ number }) => number)).toEqual([...Array(size).keys()]);
  for (let length = 1; length <= size; length += 1) {
    const note = parseNote((await storedNote(length, origin)) ?? "");
    const root = rootOf(frontierOf(epochs.slice(0, length).map(epochLeaf)));
    expect(parseCheckpoint(note?.text ?? "")).toEqual({ origin, size: length, root });
  }
  expect(await storedNote(size + 1, origin)).toBeNull();
  return epochs;
}

/** The lines of an export of the owner's trail, as the last checkpoint proves it. */
export async function exportOf(ownerId: string): Promise<Buffer[]> {
  const owner = newOwner(ownerId, "development");
  const store = new Store(firestore());
  const proven = await readProvenHead(store, owner, { origin: auditLog, readNote: storedNote });
  const lines: Buffer[] = [];
  for await (const line of exportLines(store, owner, proven)) lines.push(line);
  return lines;
}
