/** The source of random pauses; tests pass a seeded one. */
export interface RandomSource {
  /** Returns a number from 0 to below 1. */
  random(): number;
}
