import type { VerifiedClaims } from "#shared/core/executions/ticket";
import type { CallRefusal, ModelMeter } from "#shared/core/money/model-meter";
import type { Owner } from "#shared/identity/owner";

/** The execution that a model token belongs to. */
export interface MeteredExecution {
  readonly owner: Owner;
  readonly claims: VerifiedClaims;
}

export type ReserveResult =
  | { readonly type: "reserved" }
  | { readonly type: "refused"; readonly refusal: CallRefusal }
  /** What is missing can't be held. */
  | ({ readonly type: "unaffordable" } & Shortage);

/** Why more can't be held for a call. */
export interface Shortage {
  /** Says which cap. */
  readonly sentence: string;
  /** Whether it can be held once others of the key's executions have ended. */
  readonly mayPass: boolean;
}

export const noShortage: Shortage = { sentence: "", mayPass: false };

/** What waiting changes make of a meter. */
export interface Applied {
  readonly meter: ModelMeter;
  /** The result of each reservation that didn't lack money. */
  readonly results: ReadonlyMap<string, ReserveResult>;
  /** The ceilings of the reservations that more must be held for, in their order. */
  readonly short: readonly number[];
}
