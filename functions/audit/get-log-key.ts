import * as z from "zod";
import { keyRanges, type LogKeyRange } from "#shared/audit/log-keys";
import { required } from "#shared/config";
import { ok } from "#shared/contract/common";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { allInOrder } from "#shared/errors/all-in-order";
import { checkpointPublicKey } from "#shared/google/checkpoint-key";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";
import { auditLogs } from "#shared/store/audit-trees";
import type { ReadStore } from "#shared/store/store";

/** Anybody may ask, so an instance looks once in this time, however often it is asked. */
const keptMs = 60_000;

interface Known {
  readonly readAt: number;
  readonly key: string;
  readonly keys: readonly LogKeyRange[];
}
let known: { readonly log: string; readonly read: Promise<Known> } | null = null;

const size = z.int();
const ListedKey = z.object({ key: z.string(), fromSize: size, toSize: size.nullable() });

export const getLogKey = query({
  ...publicRead,
  endpoint: "GET /v1/audit/log-key",
  summary: "The audit log's name, the key that signs it, and all keys so far with their sizes.",
  reply: { 200: z.object({ log: z.string(), key: z.string(), keys: z.array(ListedKey) }) },
  read: async ({ deps: { store }, now }) => {
    const log = required("PADDOCK_AUDIT_LOG");
    const last = known?.log === log ? await known.read.catch(() => null) : null;
    const age = now - (last?.readAt ?? 0);
    if (last && age >= 0 && age < keptMs) return last;
    const read = readKeys(store, log, now);
    known = { log, read };
    return await read;
  },
  answer({ data: { key, keys } }) {
    return ok({ log: required("PADDOCK_AUDIT_LOG"), key, keys });
  },
});

async function readKeys(store: ReadStore, log: string, now: number): Promise<Known> {
  const [publicKey, { value }] = await allInOrder([
    checkpointPublicKey(),
    store.get(auditLogs.doc(encodeURIComponent(log))),
  ]);
  const key = formatNoteKey({ name: log, kind: "note", publicKey });
  const keys = keyRanges(value?.keys ?? []);
  // Before the first checkpoint, the key that will sign it is the log's.
  return { readAt: now, key, keys: keys.length > 0 ? keys : [{ key, fromSize: 1, toSize: null }] };
}
