/** Measures costs on a machine that may be busy. */

/** Calls of Firestore: documents read, writes, and trips that wait for each other. */
export interface Budget {
  readonly reads: number;
  readonly writes: number;
  readonly roundTrips: number;
}

/** On a starved machine most samples cost more; a cost that has grown fails after all of them. */
const samplesMax = 20;

/**
 * What the parts of something cost when nothing expires during it. A key that was read a second ago
 * and an account that was read 200 ms ago are read again, and calls that are sent together count as
 * one trip because they overlap, so a starved machine can only add to a sample. Each part has its
 * own minimum, because such a machine seldom leaves all parts of one sample alone.
 */
export async function leastParts<P extends string>(
  sample: () => Promise<Readonly<Record<P, Budget>>>,
  most: Readonly<Record<P, Budget>>,
): Promise<Readonly<Record<P, Budget>>> {
  const names = Object.keys(most) as P[];
  const better = (one: Budget, other: Budget, limit: Budget) => (fits(one, limit) ? one : other);
  let parts = await sample();
  const isWithin = () => names.every((name) => fits(parts[name], most[name]));
  for (let more = samplesMax - 1; more > 0 && !isWithin(); more -= 1) {
    const next = await sample();
    const merged = names.map((name) => [name, better(parts[name], next[name], most[name])]);
    parts = Object.fromEntries(merged) as Record<P, Budget>;
  }
  return parts;
}

/** Whether it costs no more in any respect. */
export function fits(measured: Budget, most: Budget): boolean {
  return (
    measured.reads <= most.reads &&
    measured.writes <= most.writes &&
    measured.roundTrips <= most.roundTrips
  );
}

export function minus(all: Budget, part: Budget): Budget {
  return {
    reads: all.reads - part.reads,
    writes: all.writes - part.writes,
    roundTrips: all.roundTrips - part.roundTrips,
  };
}

/** The minimum of a few samples, or the first within `most`. */
export async function leastOf(sample: () => Promise<Budget>, most: Budget): Promise<Budget> {
  const { all } = await leastParts(async () => ({ all: await sample() }), { all: most });
  return all;
}
