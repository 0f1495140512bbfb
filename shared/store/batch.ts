/** Turns writes into the client library's batches, and commits a batch in a single attempt. */
import { FieldValue, type Firestore, Timestamp, type WriteBatch } from "@google-cloud/firestore";
import * as z from "zod";
import { Fault } from "../core/fault.ts";
import type { Version, Write } from "./documents.ts";

const Time = z.object({ seconds: z.coerce.number().int(), nanos: z.int().default(0) });
const CommitReply = z.object({
  commitTime: Time,
  writeResults: z.array(z.object({ updateTime: Time.nullish() })),
});

export function batchOf(db: Firestore, writes: readonly Write[]): WriteBatch {
  const batch = db.batch();
  for (const write of writes) {
    const doc = db.doc(write.path);
    if (write.op === "create") batch.create(doc, write.value);
    else if (write.op === "remove") {
      const condition = write.mustBeMissing ? { exists: false } : {};
      batch.delete(doc, write.version ? { lastUpdateTime: write.version } : condition);
    } else if (write.op === "patch") {
      const added = Object.entries(write.increments).map(([field, by]) => [
        field,
        FieldValue.increment(by),
      ]);
      const { version, mustExist, removes = [] } = write;
      const gone = removes.map((field) => [field, FieldValue.delete()]);
      const fields = { ...write.fields, ...Object.fromEntries([...added, ...gone]) };
      const condition = mustExist ? { exists: true } : {};
      batch.update(doc, fields, version ? { lastUpdateTime: version } : condition);
    } else if (write.version) {
      batch.update(doc, write.value, { lastUpdateTime: write.version });
    } else batch.set(doc, write.value);
  }
  return batch;
}

/** @returns the version of each written document; an unchanged document keeps its old one. */
export async function commitBatchWithoutRetry(batch: WriteBatch): Promise<readonly Version[]> {
  // The library's public `commit` always retries; this is the method that it calls.
  if (!("_commit" in batch) || typeof batch._commit !== "function") {
    throw new Fault("Firestore's client no longer has `_commit`");
  }
  const reply = CommitReply.parse(await batch._commit({ retryCodes: [] }));
  return reply.writeResults.map(({ updateTime }) => {
    const { seconds, nanos } = updateTime ?? reply.commitTime;
    return new Timestamp(seconds, nanos);
  });
}
