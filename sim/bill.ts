/** A month's bill, line by line: what exceeds the free amount, times its price. */
import { type PriceName, prices } from "./prices.ts";
import type { Usage } from "./usage.ts";

export interface BillLine {
  readonly name: PriceName;
  readonly quantity: number;
  /** The amount beyond what is free. */
  readonly billed: number;
  readonly usd: number;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly usd: number;
}

export function monthlyBill(...usages: readonly Usage[]): Bill {
  const names = Object.keys(prices) as PriceName[];
  const lines = names.flatMap((name): BillLine[] => {
    const quantity = usages.reduce((sum, usage) => sum + (usage[name] ?? 0), 0);
    if (quantity === 0) return [];
    const { usd, per, free } = prices[name];
    const billed = Math.max(0, quantity - free);
    return [{ name, quantity, billed, usd: (billed / per) * usd }];
  });
  return { lines, usd: lines.reduce((sum, line) => sum + line.usd, 0) };
}
