/**
 * Records refused uses of a known key (AUD-1): counts per network and hour in a document, and rows
 * of the owner's trail when a count reaches a power of ten. Refusals are collected in memory and
 * written after their answers, at most once in some seconds per key and instance, so somebody who
 * repeats a refused key costs neither time nor many writes. Accounts take turns, and none has more
 * keys waiting than its share, so one with a thousand dead keys hides no other's refusals (TEN-2).
 * What an instance hasn't written when it dies is in the log of requests only.
 */

import { networkDigest } from "../core/keys/key-networks.ts";
import {
  addRefusals,
  type KeyRefusalReason,
  type RefusalCount,
  type RefusalMilestone,
} from "../core/keys/refused-uses.ts";
import { TurnQueue } from "../core/limits/turn-queue.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import { hourMs } from "../core/retention/periods.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { mintOwner } from "../identity/owner.ts";
import { sealAuditDetails } from "../secrets/audit-details.ts";
import { type ApiKey, type apiKeys, lineageFact } from "../store/api-keys.ts";
import { auditEntry } from "../store/audit-rows.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { createOrReplace, patch, type Ref, type Write } from "../store/documents.ts";
import { keyRefusals } from "../store/key-refusals.ts";
import type { ReadStore } from "../store/store.ts";
import { isUnavailableError } from "../store/with-deadline.ts";
import type { KeyClient } from "./key-client.ts";

/** Keys of one account whose refusals wait in this instance; more are only logged. */
const ownersKeysMax = 50;
/** Keys of all accounts. Once it is reached, the account with the most gives one up for others. */
const keysMax = 1_000;
/** Commits under way at once. */
const writesMax = 8;
/** Networks and reasons of one key that wait in this instance; more count as the last one. */
const waitingMax = 64;

export interface RefusedUse {
  readonly text: string;
  readonly ref: Ref<typeof apiKeys.schema>;
  readonly key: ApiKey;
  readonly reason: KeyRefusalReason;
  readonly client: KeyClient;
}

interface Waiting extends RefusalCount {
  count: number;
  client: KeyClient;
}

interface WaitingKey {
  readonly key: ApiKey;
  readonly ref: RefusedUse["ref"];
  readonly refusals: Map<string, Waiting>;
}

interface Deps {
  readonly store: Pick<ReadStore, "get">;
  readonly commits: Pick<CommitCoordinator, "submit">;
  now(): number;
  newId(kind: "auditRow"): string;
  onFailure(cause: unknown): void;
}

/** Adds to what waits of a key. */
function note({ refusals }: WaitingKey, { network, reason, count, client }: Waiting): void {
  const name = `${network} ${reason}`;
  const last = refusals.size < waitingMax ? undefined : [...refusals].at(-1)?.[1];
  const refusal = refusals.get(name) ?? last;
  if (refusal) Object.assign(refusal, { count: refusal.count + count, client });
  else refusals.set(name, { network, reason, count, client });
}

export class RefusedKeyUses {
  readonly #deps: Deps;
  readonly #everyMs: number;
  /** Keys with refusals that wait, or that were written a moment ago, by account and id. */
  readonly #known = new Map<string, Map<string, WaitingKey>>();
  #knownKeys = 0;
  readonly #due = new TurnQueue<WaitingKey>();
  #writing = 0;

  /** @param everyMs How long a key's next refusals wait after some were written. */
  constructor(deps: Deps, everyMs: number) {
    this.#deps = deps;
    this.#everyMs = everyMs;
  }

  /** Counts a refusal. It returns at once and never throws. */
  add({ text, key, ref, reason, client }: RefusedUse): void {
    const known = this.#known.get(key.ownerId)?.get(key.id);
    const waiting = known ?? { key, ref, refusals: new Map<string, Waiting>() };
    if (!known && !this.#admit(waiting)) return;
    note(waiting, { network: networkDigest(text, client.address), reason, count: 1, client });
  }

  /** @returns Whether there is room for another key of its account. */
  #admit(waiting: WaitingKey): boolean {
    const { id, ownerId } = waiting.key;
    const own = this.#known.get(ownerId) ?? new Map<string, WaitingKey>();
    if (own.size >= ownersKeysMax) return false;
    if (this.#knownKeys >= keysMax && !this.#makeRoom(own.size)) return false;
    this.#known.set(ownerId, own.set(id, waiting));
    this.#knownKeys += 1;
    this.#due.add(ownerId, waiting);
    // The answers of the requests come first.
    setImmediate(() => this.#writeNext());
    return true;
  }

  /** Gives up the newest key of the account that has the most, if that has more than `own`. */
  #makeRoom(own: number): boolean {
    const [most] = [...this.#known.values()].toSorted((a, b) => b.size - a.size);
    const newest = most && most.size > own + 1 ? [...most.values()].at(-1) : undefined;
    if (newest) this.#forget(newest);
    return newest !== undefined;
  }

  #forget({ key: { id, ownerId }, refusals }: WaitingKey): void {
    const own = this.#known.get(ownerId);
    refusals.clear();
    if (!own?.delete(id)) return;
    this.#knownKeys -= 1;
    if (own.size === 0) this.#known.delete(ownerId);
  }

  /** Begins what is due, an account after another. */
  #writeNext(): void {
    while (this.#writing < writesMax) {
      const waiting = this.#due.takeNext();
      if (!waiting) return;
      const refusals = [...waiting.refusals.values()];
      waiting.refusals.clear();
      // Given up for another account's key.
      if (refusals.length === 0) continue;
      this.#writing += 1;
      void this.#write(waiting, refusals)
        .catch((cause) => {
          // They come with those that follow, or alone after the pause.
          if (isUnavailableError(cause)) for (const one of refusals) note(waiting, one);
          this.#deps.onFailure(cause);
        })
        .finally(() => {
          this.#writing -= 1;
          setTimeout(() => this.#writeAgain(waiting), this.#everyMs).unref();
          this.#writeNext();
        });
    }
  }

  /** After a pause, a key's turn comes again if more refusals have come. */
  #writeAgain(waiting: WaitingKey): void {
    if (waiting.refusals.size === 0) {
      this.#forget(waiting);
      return;
    }
    this.#due.add(waiting.key.ownerId, waiting);
    this.#writeNext();
  }

  async #write({ key, ref }: WaitingKey, refusals: readonly Waiting[]): Promise<void> {
    const { store, commits, now } = this.#deps;
    const owner = mintOwner(key.ownerId, key.mode);
    const hour = Math.floor(now() / hourMs);
    const place = keyRefusals.of(owner, `${key.id}-${hour}`);
    const read = async () => {
      const { value, version } = await store.get(place);
      const { counts, milestones } = addRefusals(value?.counts ?? {}, refusals);
      // Sealing computes, so it is done for the few counts that become rows.
      const rows = await allInOrder(milestones.map(async (one) => await this.#rowOf(key, one)));
      return { counts, rows, version };
    };
    let next = await read();
    await commits.submit({
      owner,
      needsAccount: false,
      refresh: async () => {
        next = await read();
      },
      decide: () => {
        const { counts, rows, version } = next;
        const expireAt = expiryOf("refusalCounts", hour * hourMs);
        // Changes nothing, but fails once the key is erased with its account.
        const keyExists = patch(ref, { id: key.id }, { mustExist: true });
        const document = createOrReplace(place, version, { v: 1, counts, expireAt });
        return { writes: [document, ...rows, keyExists] };
      },
    });
  }

  async #rowOf(key: ApiKey, milestone: RefusalMilestone<Waiting>): Promise<Write> {
    const { now, newId } = this.#deps;
    const { refusal, network, reached, before } = milestone;
    const { address, userAgent, requestId } = refusal.client;
    const id = newId("auditRow");
    const place = { ownerId: key.ownerId, rowId: id, publicKey: key.auditPublicKey };
    return auditEntry(mintOwner(key.ownerId, key.mode), {
      id,
      at: now(),
      actor: { type: "key", id: key.id },
      action: "key.refused",
      subject: key.id,
      requestId,
      facts: { reason: refusal.reason, network, refusals: reached, before, ...lineageFact(key) },
      sealedDetails: await sealAuditDetails(place, { address, userAgent }),
    });
  }
}
