import type { BoundSecret } from "#shared/protocol/bound-secret";

/** A secret and its placeholder. */
export interface PlacedSecret extends BoundSecret {
  readonly placeholder: string;
}
