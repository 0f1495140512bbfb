/**
 * Re-wraps the private halves of sealing pairs with the newest version of their KMS key. Older
 * versions keep opening meanwhile, so executions go on. Finished pairs are skipped, so an
 * interrupted rotation can be started again.
 */
import pMap from "p-map";
import { describeError } from "../core/describe-error.ts";
import { Fault } from "../core/fault.ts";
import type { KmsPurpose } from "../google/kms.ts";
import type { Owner } from "../identity/owner.ts";
import { replace } from "../store/documents.ts";
import { sealingKeys } from "../store/environments.ts";
import type { Cursor } from "../store/queries.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { SnapshotPage } from "../store/read-snapshot.ts";
import type { Store } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";
import { rewrapped } from "./sealing-keys.ts";

type FoundPair = FoundDocument<typeof sealingKeys.schema>;

export interface Rotated {
  readonly rewrapped: number;
  /** Pairs that already had the newest version, or were destroyed meanwhile. */
  readonly passedOver: number;
  /** Failures by pair id, with the reason; the other pairs go on. */
  readonly failed: Readonly<Record<string, string>>;
}

const pageLength = 100;
const concurrency = 8;
/** Pages per owner: ten times as many environments as anybody needs. */
const pagesMax = 1_000;

/** @param newest the full name of each purpose's newest version. */
export async function rotateOwner(
  keys: Store,
  owner: Owner,
  newest: Readonly<Record<KmsPurpose, string>>,
): Promise<Rotated> {
  let done = 0;
  let passedOver = 0;
  const failed: Record<string, string> = {};
  let after: Cursor | null = null;
  for (let page = 0; page < pagesMax; page += 1) {
    const walk: SnapshotPage = { field: "createdAt", after, limit: pageLength };
    const pairs = await keys.withSnapshot((snapshot) =>
      snapshot.next(sealingKeys.all(owner), walk),
    );
    const old = pairs.filter(({ value }) => value.kmsKeyVersion !== newest[value.purpose]);
    for (const [pair, outcome] of await rewrapAll(keys, owner, old)) {
      if (outcome === "rewrapped") done += 1;
      else if (outcome !== "changed") failed[idOf(pair)] = outcome.why;
    }
    passedOver += pairs.length;
    const last: FoundPair | undefined = pairs.at(-1);
    if (!last || pairs.length < pageLength) {
      return {
        rewrapped: done,
        passedOver: passedOver - done - Object.keys(failed).length,
        failed,
      };
    }
    after = { value: last.value.createdAt, id: idOf(last) };
  }
  throw new Fault(`${owner.id} has more key pairs than can be walked through`);
}

type RotationOutcome = "rewrapped" | "changed" | { readonly why: string };

async function rewrapAll(
  keys: Store,
  owner: Owner,
  pairs: readonly FoundPair[],
): Promise<readonly (readonly [FoundPair, RotationOutcome])[]> {
  const rewrap = async (pair: FoundPair) => [pair, await rewrapOne(keys, owner, pair)] as const;
  return await pMap(pairs, rewrap, { concurrency });
}

/** A pair that was destroyed or re-wrapped meanwhile is left as it is. */
async function rewrapOne(keys: Store, owner: Owner, pair: FoundPair): Promise<RotationOutcome> {
  const { ref, value, version } = pair;
  try {
    const next = await rewrapped(owner, { purpose: value.purpose, id: idOf(pair) }, value);
    await keys.commitWithoutRetry([replace(ref, version, next)]);
    return "rewrapped";
  } catch (error) {
    if (isConflict(error)) return "changed";
    return { why: describeError(error) };
  }
}

function idOf({ ref }: FoundPair): string {
  return ref.path.split("/").at(-1) ?? "";
}
