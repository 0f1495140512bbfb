import type { TokenClaims } from "#shared/core/executions/ticket";
import type { CallRefusal, ModelMeter } from "#shared/core/money/model-meter";
import type { Owner } from "#shared/identity/owner";

/** The execution that a model token belongs to. */
export interface MeteredExecution {
  readonly owner: Owner;
  readonly claims: TokenClaims;
}

export type ReserveResult =
  | { readonly type: "reserved" }
  | { readonly type: "refused"; readonly refusal: CallRefusal }
  /** The budget doesn't allow to hold what is missing; the sentence says which cap. */
  | { readonly type: "unaffordable"; readonly sentence: string };

/** What waiting changes make of a meter. */
export interface Applied {
  readonly meter: ModelMeter;
  /** The result of each reservation that didn't lack money. */
  readonly results: ReadonlyMap<string, ReserveResult>;
  /** The ceilings of the reservations that more must be held for, in their order. */
  readonly short: readonly number[];
}
