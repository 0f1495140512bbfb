/**
 * Costs as the public API's `/costs/*` shows them: whole compute tokens, which are US cents. Agents
 * cost what their model calls cost, environments the time of their containers; MCP servers cost
 * nothing of their own.
 */
import * as z from "zod";

const microusdPerToken = 10_000;

export function computeTokens(microusd: number): number {
  return Math.round(microusd / microusdPerToken);
}

export const TokenCost = z.object({
  totalCT: z.int(),
  agentCT: z.int(),
  environmentCT: z.int(),
});

/** Both parts are whole and add up to the total, which is rounded once. */
export function tokenCost(spent: {
  readonly microusd: number;
  readonly modelMicrousd: number;
}): z.input<typeof TokenCost> {
  const totalCT = computeTokens(spent.microusd);
  const agentCT = Math.min(totalCT, computeTokens(spent.modelMicrousd));
  return { totalCT, agentCT, environmentCT: totalCT - agentCT };
}
