import * as z from "zod";
import type { Context } from "../context.ts";

const Budget = z.looseObject({
  balance: z.number(),
  available: z.number(),
  held: z.number(),
  dailyLimit: z.number().nullable(),
  dailySpent: z.number(),
  monthlyLimit: z.number().nullable(),
  monthlySpent: z.number(),
  runningExecutions: z.number(),
});

export async function budget(context: Context): Promise<undefined> {
  const { output } = context;
  const client = await context.client();
  const found = await client.call("/budget", Budget);
  if (output.isJson) return void (await output.json(found));
  const ofLimit = (spent: number, limit: number | null) =>
    `${usd(spent)} of ${limit === null ? "no limit" : usd(limit)}`;
  await output.fields({
    balance: usd(found.balance),
    held: `${usd(found.held)} for ${found.runningExecutions} executions`,
    available: usd(found.available),
    today: ofLimit(found.dailySpent, found.dailyLimit),
    "this month": ofLimit(found.monthlySpent, found.monthlyLimit),
  });
}

function usd(amount: number): string {
  return `$${amount.toFixed(6)}`;
}
