/** A round over all owners that many calls share: each continues where the one before ended. */
import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import type { Owner } from "#shared/identity/owner";
import { ownerOf } from "#shared/owners/act-on-owner";
import { logFailure } from "#shared/pipeline/request-log";
import type { Deps } from "#shared/pipeline/route";
import { overwrite, parseStored } from "#shared/store/documents";
import { ownerRounds } from "#shared/store/owner-rounds";
import { OwnerProfile, owners } from "#shared/store/owners";

/** Owners per call. There is a call each minute, so 1,000 owners take twenty minutes. */
const ownersMax = 50;
/** Stays below the 120 s after which the platform ends the call. */
const workingMsMax = 60_000;

/** What an operator may ask of a round's route: `?owner=…`. */
export const roundQuery = z.object({
  /** Only this owner's turn. The round stays where it is. */
  owner: idSchema("owner").optional(),
});

/** A profile is parsed in its own turn, because one that can't be read mustn't stop the round. */
const Unread = z.looseObject({ id: z.string() });

/**
 * Works on the next owners, one after another, until the call's time is over. After the last owner
 * the round begins with the first again.
 * @param round.only The owner whose turn alone it is, instead of the next ones'.
 * @param round.failure What to log when the work throws; the owner's turn comes again.
 * @returns the outcomes, `failed` for work that threw.
 */
export async function nextOwners<O>(
  deps: Deps,
  round: {
    readonly id: string;
    readonly only: string | undefined;
    readonly work: (owner: Owner, turn: { readonly isLate: () => boolean }) => Promise<O>;
    readonly failure: string;
  },
): Promise<readonly (O | "failed")[]> {
  const giveUpAt = deps.now() + workingMsMax;
  const isLate = () => deps.now() > giveUpAt;
  const takeTurn = async (stored: { readonly id: string }): Promise<O | "failed"> => {
    try {
      return await round.work(ownerOf(parseStored(OwnerProfile, stored)), { isLate });
    } catch (cause) {
      logFailure(round.failure, cause, { ownerId: stored.id });
      return "failed";
    }
  };
  if (round.only !== undefined) {
    const { value } = await deps.store.get({ ...owners.doc(round.only), schema: Unread });
    return value ? [await takeTurn(value)] : [];
  }
  const ref = ownerRounds.doc(round.id);
  const behind = (await deps.store.get(ref)).value?.afterOwnerId ?? null;
  const walk = { field: "id", after: behind === null ? null : { value: behind, id: behind } };
  const page = await deps.store.withSnapshot((snapshot) =>
    snapshot.next({ ...owners.all(), schema: Unread }, { ...walk, limit: ownersMax }),
  );
  const atEnd = page.length < ownersMax;
  const write = async (afterOwnerId: string | null) =>
    await deps.store.commit([overwrite(ref, { v: 1, afterOwnerId })]);
  // Counts the whole page as done first, so that a call which the platform ends isn't repeated
  // with the same owners for ever.
  const end = page.at(-1)?.value.id ?? null;
  await write(atEnd ? null : end);
  const outcomes: (O | "failed")[] = [];
  let last = behind;
  for (const { value: stored } of page) {
    if (isLate()) break;
    outcomes.push(await takeTurn(stored));
    last = stored.id;
  }
  // Behind the last owner there is nobody: the round begins again, whatever was served last.
  if (page.length > 0 && last !== end) await write(last);
  return outcomes;
}
