/** Sets an owner's limits and balance through the routes of owners and operators. */
import { expect } from "vitest";
import { type Answer, send } from "./client.ts";
import { asOperator, type TestOwner } from "./owners.ts";

export async function budgetOf({ key }: { key: string }) {
  return (await send("/v1/budget", { key })).json;
}

/** An operator's correction, so that the balance is exactly `usd`. */
export async function setBalance(owner: TestOwner, usd: number): Promise<void> {
  const amount = Math.round((usd - (await budgetOf(owner)).balance) * 1e6) / 1e6;
  if (amount === 0) return;
  const body = { amount, description: "set by a test" };
  const answer = await asOperator(`/v1/admin/users/${owner.id}/adjustments`, body);
  expect(answer.status, answer.text).toBe(200);
}

export async function setOwnerLimits(owner: TestOwner, body: object): Promise<void> {
  const answer = await asOperator(`/v1/billing/admin/${owner.id}/limits`, body);
  expect(answer.status, answer.text).toBe(200);
}

export async function setLimits(owner: TestOwner, body: object): Promise<Answer> {
  return await send("/v1/budget/limits", { method: "PUT", key: owner.key, body });
}
