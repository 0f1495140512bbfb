/** Paced work with a clock of its own, which counts pieces and how long it rested. */
import { PacedWork } from "#shared/limits/paced-work";

export interface CountedPace extends Pick<PacedWork, "newPieces"> {
  pieces: number;
  restedMs: number;
}

/** Each look at the clock takes a millisecond, and so does each piece. */
export function countedPace(): CountedPace {
  let nowMs = 0;
  const paced = new PacedWork({
    nowMs: () => {
      nowMs += 1;
      return nowMs;
    },
    wait: async (ms) => {
      counted.restedMs += ms;
      nowMs += ms;
    },
  });
  const counted: CountedPace = {
    pieces: 0,
    restedMs: 0,
    newPieces: () => {
      const piece = paced.newPieces();
      return async (work) => {
        counted.pieces += 1;
        return await piece(work);
      };
    },
  };
  return counted;
}
