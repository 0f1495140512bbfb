import type { z } from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import type { Owner } from "#shared/identity/owner";
import { action } from "#shared/pipeline/route";
import {
  EgressAttempt,
  EgressCall,
  EgressEnding,
  EgressReply,
  notRecordedRule,
} from "#shared/protocol/runner";
import type { Write } from "#shared/store/documents";
import { addToEgressLog, endInEgressLog } from "#shared/store/executions";
import type { Store } from "#shared/store/store";
import { isConflict } from "#shared/store/with-deadline";
import { requireRunning } from "./live-executions.ts";

const bodyBytesMax = 1024 * 1024;

export const storeEgress = action({
  endpoint: "POST /internal/executions/egress",
  summary: "Store a batch of connection attempts; storing the same batch again changes nothing.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: EgressCall,
  bodyBytesMax,
  requestClass: "none",
  reply: { 200: EgressReply },
  beforeConfirmed: "nothing",
  read: "nothing",
  // Like events: one write and no read.
  perform: async ({ caller: { owner, id, claims }, body, deps, now }) => {
    await requireRunning(deps, owner, claims);
    const { attempts, lost } = readAttempts(body, now);
    const ends = readEnds(body.ends);
    const batch = { ...body, attempts, now };
    // A call without attempts and ends reports how many were cut.
    const isBatch = attempts.length > 0 || ends.read.length === 0;
    const created = isBatch ? [addToEgressLog(owner, id, batch)] : [];
    const refused = await commitWhatCanBe(deps.store, [...created, ...endWrites(owner, id, ends)]);
    return ok({ stored: true, lost: lost + ends.lost + refused });
  },
});

/** Numbered without gaps; an invalid attempt keeps its place and is marked as such. */
function readAttempts(
  { attempts, firstSequence }: z.infer<typeof EgressCall>,
  now: number,
): { readonly attempts: EgressAttempt[]; readonly lost: number } {
  let lost = 0;
  const read = attempts.map((reported, index): EgressAttempt => {
    const sequence = firstSequence + index;
    const { data } = EgressAttempt.safeParse(reported);
    if (data) return { ...data, sequence };
    lost += 1;
    return {
      ...{ sequence, at: now, host: "", port: 0, method: "connect" },
      ...{ verdict: "failed", rule: notRecordedRule, address: null },
      ...{ sentBytes: 0, receivedBytes: 0, durationMs: 0 },
    };
  });
  return { attempts: read, lost };
}

interface ReadEnds {
  readonly read: readonly EgressEnding[];
  readonly lost: number;
}

function readEnds(reported: readonly unknown[]): ReadEnds {
  const read = reported.flatMap((end) => EgressEnding.safeParse(end).data ?? []);
  return { read, lost: reported.length - read.length };
}

/** One write for each batch whose attempts ended. */
function endWrites(owner: Owner, executionId: string, { read }: ReadEnds): Write[] {
  const byBatch = Map.groupBy(read, ({ batch }) => batch);
  return [...byBatch].map(([batch, ends]) => endInEgressLog(owner, executionId, { batch, ends }));
}

/**
 * Commits everything at once. If that collides, or a batch is missing, commits each write by
 * itself: a try whose answer was lost has stored all of it, and an end without its batch affects no
 * other.
 * @returns How many ends found no batch.
 */
async function commitWhatCanBe(store: Store, writes: readonly Write[]): Promise<number> {
  if (await isCommitted(store, writes)) return 0;
  if (writes.length === 1) return writes[0]?.op === "create" ? 0 : 1;
  let refused = 0;
  for (const write of writes) {
    const isDone = await isCommitted(store, [write]);
    if (!isDone && write.op !== "create") refused += 1;
  }
  return refused;
}

async function isCommitted(store: Store, writes: readonly Write[]): Promise<boolean> {
  try {
    await store.commit(writes);
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
