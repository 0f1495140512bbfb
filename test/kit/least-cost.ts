/** Measures costs on a machine that may be busy. */

/** Calls of Firestore: documents read, writes, and trips that wait for each other. */
export interface Budget {
  readonly reads: number;
  readonly writes: number;
  readonly roundTrips: number;
}

const samplesMax = 6;

/**
 * What a request costs when nothing expires during it: the minimum of a few samples. A key that was
 * read a second ago and an account that was read 200 ms ago are read again, and calls that are sent
 * together count as one trip because they overlap, so a starved machine can only add to a sample.
 */
export async function least<T>(
  sample: () => Promise<T>,
  isWithin: (measured: T) => boolean,
): Promise<T> {
  let measured = await sample();
  for (let more = samplesMax - 1; more > 0 && !isWithin(measured); more -= 1) {
    measured = await sample();
  }
  return measured;
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
  return await least(sample, (measured) => fits(measured, most));
}
