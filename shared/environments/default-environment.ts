/** The default environment of requests that name none. It is made on first use, and only once. */

import { EnvironmentCreate } from "../contract/environment.ts";
import type { AuditRow } from "../core/audit/audit-row.ts";
import { derivedId } from "../core/ids.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { requireAllEnvironments } from "../keys/environment-bounds.ts";
import { ensureSealingPair } from "../secrets/sealing-keys.ts";
import { auditEntry } from "../store/audit-rows.ts";
import {
  create,
  createOrReplace,
  patch,
  present,
  remove,
  type Snapshot,
  type Write,
} from "../store/documents.ts";
import {
  defaultPointerId,
  defaultPointers,
  type Environment,
  environments,
  sealingKeys,
} from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { newEnvironment } from "./new-environment.ts";

/** An environment, and what must be written for it to be the default one. */
export interface DefaultEnvironment {
  readonly environment: Environment;
  readonly writes: readonly Write[];
  /** Whether it was there before, and only becomes the default one again. */
  readonly isMarkedAgain?: boolean;
}

/**
 * What a commit writes that stores something for the environment: nothing may be stored after its
 * deletion has erased all that there was, so the commit fails if it is gone.
 */
export function environmentWrites(
  owner: Owner,
  { environment, writes }: DefaultEnvironment,
): readonly Write[] {
  if (writes.length > 0) return writes;
  return [present(environments.of(owner, environment.id), environment)];
}

/** What says which environment the default one is; a new one is named there. */
interface MissingDefault {
  readonly missing: Snapshot<typeof defaultPointers.schema>;
}

/** The environments that are marked as the default: one or none. */
export async function currentDefaults(
  store: ReadStore,
  owner: Owner,
): Promise<readonly FoundDocument<typeof environments.schema>[]> {
  const where = [["isDefault", true]] as const;
  return await store.findAll(environments.all(owner), { where, orderBy: [], limit: 10 });
}

/** What moving the mark to another environment depends on. */
export interface DefaultMark {
  readonly named: Snapshot<typeof defaultPointers.schema>;
  readonly marked: readonly FoundDocument<typeof environments.schema>[];
}

export async function readDefaultMark(store: ReadStore, owner: Owner): Promise<DefaultMark> {
  const [named, marked] = await allInOrder([
    store.get(defaultPointers.of(owner, defaultPointerId)),
    currentDefaults(store, owner),
  ]);
  return { named, marked };
}

/**
 * Takes the mark off the environments that have it, for `id` to get it. Of two requests that move
 * it at the same time one fails and reads again, also if no environment had it: both write the
 * pointer.
 */
export function takeDefaultMark(
  { named, marked }: DefaultMark,
  { id, now }: { readonly id: string; readonly now: number },
): readonly Write[] {
  const { environmentId = id, moves = 0 } = named.value ?? {};
  const unset = { isDefault: false, updatedAt: now };
  return [
    createOrReplace(named.ref, named.version, { v: 1, environmentId, moves: moves + 1 }),
    ...marked.flatMap(({ ref, value, version }) =>
      value.id === id ? [] : [patch(ref, unset, { version })],
    ),
  ];
}

/** The default environment, or that it has to be made. */
export async function findDefault(
  store: ReadStore,
  owner: Owner,
  now: number,
): Promise<DefaultEnvironment | MissingDefault> {
  const [current] = await currentDefaults(store, owner);
  if (current) return { environment: current.value, writes: [] };
  requireAllEnvironments(owner);
  const { named, latest } = await latestDefault(store, owner);
  if (!latest.value) return { missing: named };
  const environment = { ...latest.value, isDefault: true, updatedAt: now };
  const fields = { isDefault: true, updatedAt: now };
  const marking = patch(latest.ref, fields, { version: latest.version });
  return { environment, writes: [marking], isMarkedAgain: true };
}

/**
 * Makes the key pair of a default environment that is missing, so that it can be written. All
 * requests that find the same one missing make the same pair, however many of them are refused.
 * @param made.beside For a request that makes something else as well: it has a row of its own.
 */
export async function ensureDefault(
  keys: Store,
  owner: Owner,
  made: {
    readonly found: DefaultEnvironment | MissingDefault;
    readonly now: number;
    readonly beside?: Pick<AuditRow, "actor" | "requestId">;
  },
): Promise<DefaultEnvironment> {
  const { found, now, beside } = made;
  if (!("missing" in found)) {
    const { environment, writes, isMarkedAgain = false } = found;
    if (!isMarkedAgain || !beside) return found;
    const what = { action: "environment.updated", facts: { isDefault: true } };
    return { ...found, writes: [...writes, rowOf(owner, environment, { ...what, beside, now })] };
  }
  const named = found.missing;
  const id = idAfter(owner, named.value?.environmentId ?? earlyId(owner));
  // A request that came too late may have made the pair of the deleted one again.
  const late = named.value ? [remove(sealingKeys.of(owner, named.value.environmentId), null)] : [];
  const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
  const publicKey = await ensureSealingPair(keys, owner, pair, late);
  const body = EnvironmentCreate.parse({
    name: "default",
    isDefault: true,
    computeProfile: "lite",
  });
  const environment = newEnvironment(body, { id, publicKey, now });
  // Several may find none: one of them names its own, the others fail and read again.
  const name = { v: 1 as const, environmentId: id, moves: (named.value?.moves ?? 0) + 1 };
  const naming = createOrReplace(named.ref, named.version, name);
  const facts = { network: environment.network, secrets: 0 };
  const what = { action: "environment.created", facts };
  const row = beside ? [rowOf(owner, environment, { ...what, beside, now })] : [];
  return { environment, writes: [create(environments.of(owner, id), environment), naming, ...row] };
}

function rowOf(
  owner: Owner,
  { id }: Environment,
  row: Pick<AuditRow, "action" | "facts"> & {
    readonly beside: Pick<AuditRow, "actor" | "requestId">;
    readonly now: number;
  },
): Write {
  const { action, facts, beside, now } = row;
  // Unique, as every row's id is by which a commit is known to have happened. However many requests
  // name one, the environment is created once, and its row with it.
  const rowId = derivedId("auditRow", owner.id, id, action, beside.requestId);
  const what = { id: rowId, at: now, action, subject: id, facts };
  return auditEntry(owner, { ...what, ...beside, sealedDetails: null });
}

/**
 * The id of the default environment that follows an earlier one. No id comes twice, since keys,
 * executions and orders of destruction go on naming an environment that was deleted.
 */
function idAfter(owner: Owner, earlierId: string): string {
  return derivedId("environment", owner.id, "default after", earlierId);
}

/** Earlier releases named none: theirs had this id, under which none is made any more. */
function earlyId(owner: Owner): string {
  return derivedId("environment", owner.id, "default");
}

/** The one that was made last, if it is still there. */
async function latestDefault(store: ReadStore, owner: Owner) {
  const early = environments.of(owner, earlyId(owner));
  const [named, earlier] = await store.getAll(defaultPointers.of(owner, defaultPointerId), early);
  if (!named.value) return { named, latest: earlier };
  return { named, latest: await store.get(environments.of(owner, named.value.environmentId)) };
}
