/** Where pauses get their chance from; tests give a seeded one. */
export interface RandomSource {
  /** From 0 to below 1. */
  random(): number;
}
