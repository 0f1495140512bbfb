/**
 * Which keys share one turn where keys wait for each other. A stolen key can make 200 others. If
 * each of them had a turn of its own, the owner's key would wait for all of them to revoke one. So
 * keys share the turn of the key that made them: those that a made key makes for good, and those
 * that an operator's key makes for their first day, in which the owner can notice them.
 */
const apartAfterMs = 86_400_000;

export interface TurnKey {
  readonly id: string;
  /** The oldest key that it was rotated from. */
  readonly lineageId: string | null;
  /** The turn that it shares; null if an operator made it. */
  readonly turnGroup: string | null;
  /** When it gets a turn of its own, in epoch milliseconds; null if it never does. */
  readonly turnGroupUntil: number | null;
}

export function turnGroupOf(key: TurnKey, now: number): string {
  const { id, lineageId, turnGroup, turnGroupUntil } = key;
  const shares = turnGroup !== null && (turnGroupUntil === null || now < turnGroupUntil);
  return shares ? turnGroup : (lineageId ?? id);
}

/** The fields of a key that `maker` makes. */
export function turnGroupFrom(
  maker: TurnKey,
  now: number,
): Pick<TurnKey, "turnGroup" | "turnGroupUntil"> {
  const turnGroupUntil = maker.turnGroup === null ? now + apartAfterMs : null;
  return { turnGroup: turnGroupOf(maker, now), turnGroupUntil };
}
