/**
 * Records refused uses of a known key (AUD-1): counts per network and hour in a document, and rows
 * of the owner's trail when a count reaches a power of ten. Refusals are collected in memory and
 * written after their answers, at most once in some seconds per key and instance, so somebody who
 * repeats a refused key costs neither time nor many writes. What an instance hasn't written when it
 * dies is in the log of requests only.
 */

import { setTimeout as wait } from "node:timers/promises";
import { networkDigest } from "../core/keys/key-networks.ts";
import {
  addRefusals,
  type KeyRefusalReason,
  type RefusalCount,
} from "../core/keys/refused-uses.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import { hourMs } from "../core/retention/periods.ts";
import { mintOwner } from "../identity/owner.ts";
import { sealAuditDetails } from "../secrets/seal-audit-details.ts";
import type { ApiKey, apiKeys } from "../store/api-keys.ts";
import { auditEntry } from "../store/audit-rows.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { createOrReplace, patch, type Ref, type Write } from "../store/documents.ts";
import { keyRefusals } from "../store/key-refusals.ts";
import type { ReadStore } from "../store/store.ts";
import type { KeyClient } from "./key-client.ts";

/** Keys whose refusals wait in this instance; more are only logged. */
const keysMax = 1_000;
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

export class RefusedKeyUses {
  readonly #deps: Deps;
  readonly #everyMs: number;
  readonly #waiting = new Map<string, WaitingKey>();

  /** @param everyMs How long a key's next refusals wait after some were written. */
  constructor(deps: Deps, everyMs: number) {
    this.#deps = deps;
    this.#everyMs = everyMs;
  }

  /** Counts a refusal. It returns at once and never throws. */
  add({ text, key, ref, reason, client }: RefusedUse): void {
    const known = this.#waiting.get(key.id);
    const waiting = known ?? { key, ref, refusals: new Map<string, Waiting>() };
    if (!known && this.#waiting.size >= keysMax) return;
    const network = networkDigest(text, client.address);
    const name = `${network} ${reason}`;
    const last = waiting.refusals.size < waitingMax ? undefined : [...waiting.refusals].at(-1)?.[1];
    const refusal = waiting.refusals.get(name) ?? last;
    if (refusal) Object.assign(refusal, { count: refusal.count + 1, client });
    else waiting.refusals.set(name, { network, reason, count: 1, client });
    if (known) return;
    this.#waiting.set(key.id, waiting);
    void this.#writeRepeatedly(waiting);
  }

  /** Writes what waits, pauses, and goes on until nothing more has come. */
  async #writeRepeatedly(waiting: WaitingKey): Promise<void> {
    // The answers of the requests come first.
    await wait(0);
    while (waiting.refusals.size > 0) {
      const refusals = [...waiting.refusals.values()];
      waiting.refusals.clear();
      await this.#write(waiting, refusals).catch((cause) => this.#deps.onFailure(cause));
      await wait(this.#everyMs, undefined, { ref: false });
    }
    this.#waiting.delete(waiting.key.id);
  }

  async #write({ key, ref }: WaitingKey, refusals: readonly Waiting[]): Promise<void> {
    const { store, commits, now, newId } = this.#deps;
    const owner = mintOwner(key.ownerId, key.mode);
    const hour = Math.floor(now() / hourMs);
    const place = keyRefusals.of(owner, `${key.id}-${hour}`);
    // Sealing waits for nothing else, so that the decision is pure and can be repeated.
    const rows = new Map<RefusalCount, { readonly id: string; readonly sealedDetails: string }>();
    for (const refusal of refusals) {
      const id = newId("auditRow");
      const { address, userAgent } = refusal.client;
      const sealedTo = { ownerId: owner.id, rowId: id, publicKey: key.auditPublicKey };
      rows.set(refusal, {
        id,
        sealedDetails: await sealAuditDetails(sealedTo, { address, userAgent }),
      });
    }
    let found = await store.get(place);
    await commits.submit({
      owner,
      needsAccount: false,
      refresh: async () => {
        found = await store.get(place);
      },
      decide: () => {
        const { counts, milestones } = addRefusals(found.value?.counts ?? {}, refusals);
        const expireAt = expiryOf("refusalCounts", hour * hourMs);
        const written = milestones.flatMap(({ refusal, network, reached, before }): Write[] => {
          const row = rows.get(refusal);
          if (!row) return [];
          return [
            auditEntry(owner, {
              ...row,
              at: now(),
              actor: { type: "key", id: key.id },
              action: "key.refused",
              subject: key.id,
              requestId: refusal.client.requestId,
              facts: { reason: refusal.reason, network, refusals: reached, before },
            }),
          ];
        });
        // Changes nothing, but fails once the key is erased with its account.
        const keyExists = patch(ref, { id: key.id }, { mustExist: true });
        const document = createOrReplace(place, found.version, { v: 1, counts, expireAt });
        return { writes: [document, ...written, keyExists] };
      },
    });
  }
}
