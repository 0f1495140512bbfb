/** Reads the model tables of the npm package `@earendil-works/pi-ai` (MIT). */
import * as z from "zod";
import type { CatalogueModel, PriceTier, WireProtocol } from "#shared/core/models/model";

const usd = z.number().min(0);
const prices = { input: usd, output: usd, cacheRead: usd, cacheWrite: usd };
const Model = z.object({
  id: z.string(),
  name: z.string(),
  reasoning: z.boolean(),
  input: z.array(z.string()),
  cost: z.object({
    ...prices,
    tiers: z.array(z.object({ inputTokensAbove: z.int(), ...prices })).optional(),
  }),
  contextWindow: z.int(),
  maxTokens: z.int(),
});
const Tables = z.object({
  MODELS: z.object({
    anthropic: z.record(z.string(), Model),
    openai: z.record(z.string(), Model),
    google: z.record(z.string(), Model),
  }),
});

export type TableModel = Omit<CatalogueModel, "effectiveFrom" | "source"> &
  Partial<Pick<CatalogueModel, "effectiveFrom" | "source">>;

const protocols: Readonly<Record<CatalogueModel["provider"], readonly WireProtocol[]>> = {
  anthropic: ["anthropic-messages"],
  openai: ["openai-responses", "openai-chat"],
  google: ["gemini"],
};

/** The models by id. A model that costs nothing has no known price, and is left out. */
export function readTable(tables: unknown): ReadonlyMap<string, TableModel> {
  const { MODELS } = Tables.parse(tables);
  const read = (["anthropic", "openai", "google"] as const).flatMap((provider) =>
    Object.values(MODELS[provider])
      .filter(({ cost }) => cost.input > 0 && cost.output > 0)
      .map((model): [string, TableModel] => [model.id, modelOf(provider, model)]),
  );
  return new Map(read);
}

function modelOf(provider: CatalogueModel["provider"], model: z.infer<typeof Model>): TableModel {
  const { cost } = model;
  const tiers = [{ inputTokensAbove: 0, ...cost }, ...(cost.tiers ?? [])];
  return {
    id: model.id,
    label: model.name,
    provider,
    protocols: [...protocols[provider]],
    prices: tiers.map((tier) => tierOf(provider, tier)),
    contextTokens: model.contextWindow,
    outputTokensMax: model.maxTokens,
    tools: true,
    vision: model.input.includes("image"),
    reasoning: model.reasoning,
  };
}

function tierOf(
  provider: CatalogueModel["provider"],
  tier: z.infer<typeof Model>["cost"] & { readonly inputTokensAbove: number },
): PriceTier {
  const write = priced(tier.cacheWrite);
  return {
    inputTokensAbove: tier.inputTokensAbove,
    input: micro(tier.input),
    output: micro(tier.output),
    cacheRead: priced(tier.cacheRead),
    cacheWrite5m: write,
    // The table has no such price; Anthropic's is twice that of input, for all of its models.
    cacheWrite1h: provider === "anthropic" && write !== null ? 2 * micro(tier.input) : null,
  };
}

const micro = (dollars: number) => Math.round(dollars * 1_000_000);
const priced = (dollars: number) => (dollars === 0 ? null : micro(dollars));
