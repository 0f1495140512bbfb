/**
 * Costs as the public API's `/costs/*` shows them: whole compute tokens, which are US cents. An
 * execution costs compute time alone, so agents and MCP servers show a cost of zero.
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

export function tokenCost(microusd: number): z.input<typeof TokenCost> {
  const total = computeTokens(microusd);
  return { totalCT: total, agentCT: 0, environmentCT: total };
}
