/** What the project knows of a language model. Prices are micro-US-dollars per million tokens. */
import * as z from "zod";
import { wireProtocols } from "../../protocol/language-model.ts";

export type WireProtocol = (typeof wireProtocols)[number];

const price = z.int().min(0).max(10_000_000_000);

/** Prices from a number of input tokens on, for all of the request's tokens. */
export const PriceTier = z.strictObject({
  inputTokensAbove: z.int().min(0),
  input: price,
  output: price,
  /** Null means that the provider has no other price than that of input. */
  cacheRead: price.nullable().default(null),
  cacheWrite5m: price.nullable().default(null),
  cacheWrite1h: price.nullable().default(null),
});
export type PriceTier = z.infer<typeof PriceTier>;

const Prices = z
  .array(PriceTier)
  .min(1)
  .max(8)
  .refine((tiers) => tiers[0]?.inputTokensAbove === 0, "the first tier begins at 0 tokens")
  .refine(
    (tiers) =>
      tiers.every(
        (tier, index) =>
          index === 0 || tier.inputTokensAbove > (tiers[index - 1]?.inputTokensAbove ?? 0),
      ),
    "tiers ascend",
  );

const tokens = z.int().min(1).max(100_000_000);

/** What of a model doesn't depend on where it runs. A model without a price isn't one. */
export const ModelFacts = z.strictObject({
  label: z.string().min(1).max(100),
  prices: Prices,
  contextTokens: tokens,
  outputTokensMax: tokens,
  tools: z.boolean(),
  vision: z.boolean(),
  reasoning: z.boolean(),
});
export type ModelFacts = z.infer<typeof ModelFacts>;

export const providerName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
/** As providers write them; a colon or a blank would be ambiguous in an id of ours. */
export const providerModelId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/@+:-]{0,199}$/);

export const CatalogueModel = ModelFacts.extend({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,100}$/),
  provider: z.enum(["anthropic", "openai", "google"]),
  /** The ways to call it, the usual one first. */
  protocols: z.array(z.enum(wireProtocols)).min(1),
  /** The day from which these prices are known to apply, and where they were read. */
  effectiveFrom: z.iso.date(),
  source: z.string().min(1),
});
export type CatalogueModel = z.infer<typeof CatalogueModel>;
