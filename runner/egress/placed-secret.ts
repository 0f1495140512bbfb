import type { BoundSecret } from "#shared/protocol/bound-secret";

/** A secret and what stands for it inside. */
export interface PlacedSecret extends BoundSecret {
  readonly placeholder: string;
}
