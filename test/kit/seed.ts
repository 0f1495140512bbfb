/** The seed of everything that a test run draws. `PADDOCK_SEED=7` repeats another run's draws. */
import { numberOfCommit } from "../../scripts/tools/commit.ts";

export const seed = readSeed();

function readSeed(): number {
  const given = process.env.PADDOCK_SEED;
  if (given === undefined) return numberOfCommit("seed", 1_000_000);
  const value = Number(given);
  if (!Number.isSafeInteger(value)) throw new Error("PADDOCK_SEED is a whole number.");
  return value;
}
