import type { KeyBounds } from "#shared/core/keys/key-bounds";

/** What a key may do that an operator makes: all that its account may. */
export const unbounded: KeyBounds = {
  scopes: ["*"],
  expiresAt: null,
  environmentIds: null,
  addressRanges: null,
  executionCostMaxMicrousd: null,
  dayCostMaxMicrousd: null,
};
