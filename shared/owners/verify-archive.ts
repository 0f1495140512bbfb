/** Reads an owner's archive back, and compares it with the ledger line by line. */
import { canonicalBytes } from "../core/audit/canonical-bytes.ts";
import { type ArchiveState, emptyArchive, readNext } from "../core/money/billing-archive.ts";
import { readBillingObject } from "../google/billing-objects.ts";
import type { Owner } from "../identity/owner.ts";
import { billingArchiveId, billingArchives } from "../store/billing-archives.ts";
import type { Cursor } from "../store/queries.ts";
import type { Store } from "../store/store.ts";
import { archived, linesAfter, stateOf } from "./archive-ledger.ts";

export interface VerifiedArchive {
  /** What the archive has, up to the first fault. */
  readonly state: ArchiveState;
  /** The first fault in one sentence; null if there is none. */
  readonly fault: string | null;
}

export async function verifyArchive(store: Store, owner: Owner): Promise<VerifiedArchive> {
  // It is read before the objects, because the archive may go on meanwhile.
  const { value } = await store.get(billingArchives.of(owner, billingArchiveId));
  const noted = stateOf(owner, value).state;
  let state = emptyArchive(owner.id);
  let place: Cursor | null = null;
  for (;;) {
    const number = state.objects + 1;
    const bytes = await readBillingObject(owner, number);
    if (bytes === null) break;
    const next = readNext(state, bytes);
    if (typeof next === "string") return { state, fault: `Object ${number} ${next}.` };
    const limit = next.lines.length;
    const lines = await linesAfter(store, owner, { place, limit });
    const same =
      lines.length === limit &&
      lines.every((line, index) => {
        const other = next.lines[index];
        return other !== undefined && canonicalBytes(archived(line)).equals(canonicalBytes(other));
      });
    if (!same) return { state, fault: `Object ${number} has other lines than the ledger.` };
    const last = lines.at(-1);
    if (last) place = { value: last.createdAt, id: last.id };
    state = next.state;
  }
  // More are what a call leaves that died, which the next one notes, or were added meanwhile.
  const isWhole = state.objects >= noted.objects;
  return { state, fault: isWhole ? null : `Object ${state.objects + 1} is missing.` };
}
