/**
 * Keys that were rotated from one another. A containment holds all of them: the thief of a key
 * rotates it, and the incident names the key of before.
 */
import { allInOrder } from "../errors/all-in-order.ts";
import type { FoundKey } from "../keys/revoke-keys.ts";
import { apiKeys, lineageOf } from "../store/api-keys.ts";
import { type Containment, containments } from "../store/containments.ts";
import { patch, type Write } from "../store/documents.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** A key that another containment holds stays its. */
export function holdKey({ ref, value }: FoundKey, id: string): Write {
  const held = { containedBy: value.containedBy ?? id, ownerState: "suspended" } as const;
  return patch(ref, held, { mustExist: true });
}

/** More than an account may have alive. */
const keysMax = 300;

interface Lineage {
  readonly ownerId: string;
  readonly lineageId: string;
}

/** The live keys of a lineage, the first one included. */
export async function liveKeysOf(
  store: Pick<ReadStore, "findAll">,
  { ownerId, lineageId }: Lineage,
): Promise<readonly FoundKey[]> {
  const find = async (field: "id" | "lineageId") =>
    await store.findAll(apiKeys.all(), {
      where: [
        ["ownerId", ownerId],
        [field, lineageId],
        ["revokedAt", null],
      ],
      orderBy: [],
      limit: keysMax,
      outOfTurn: true,
    });
  const [first, successors] = await allInOrder([find("id"), find("lineageId")]);
  return [...first, ...successors];
}

/** The key itself, be it alive or not, and all live ones of its lineage. */
export async function keyWithLineage(
  store: Pick<ReadStore, "findAll">,
  key: FoundKey,
): Promise<{ readonly lineageId: string; readonly keys: readonly FoundKey[] }> {
  const lineageId = lineageOf(key.value);
  const live = await liveKeysOf(store, { ownerId: key.value.ownerId, lineageId });
  return { lineageId, keys: [key, ...live.filter(({ value }) => value.id !== key.value.id)] };
}

/**
 * Holds keys of the lineage as well that a rotation made while the containment was decided. After
 * that commit the account admits none of their requests, so there can't be more.
 * @returns all that are held. @throws a conflict if the containment was released meanwhile.
 */
export async function holdSuccessors(
  store: Pick<Store, "get" | "findAll" | "commit">,
  { id, ownerId, lineageId, subject }: Containment,
): Promise<readonly string[]> {
  if (ownerId === null || lineageId === null) return subject === null ? [] : [subject];
  const found = await store.get(containments.doc(id));
  const live = await liveKeysOf(store, { ownerId, lineageId });
  const missed = live.filter(({ value }) => value.containedBy === null);
  const known = found.value?.keyIds ?? [];
  const keyIds = [...new Set([...known, ...live.map(({ value }) => value.id)])];
  if (missed.length === 0 || !found.version || found.value.releasedAt !== null) return keyIds;
  const holding = missed.map((key) => holdKey(key, id));
  const noted = patch(containments.doc(id), { keyIds }, { version: found.version });
  await withDeadline(store.commit([...holding, noted]));
  return keyIds;
}
