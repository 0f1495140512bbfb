/** Archives of accounts, as their tests have them made. */
import { expect } from "vitest";
import { accounts, audiences } from "../../local/cloud/names.ts";
import { sequence } from "./audit-trail.ts";
import { send } from "./client.ts";
import { functionUrl, idTokenFor, until } from "./cloud.ts";
import { newOwner, type TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

/** Calls the exporter as the scheduler does. @param address Where a process of its own answers. */
export async function build(address?: string): Promise<Readonly<Record<string, number>>> {
  const baseUrl = address ?? (await functionUrl("exporter"));
  const key = await idTokenFor(accounts.scheduler, audiences.maintenance);
  const answer = await send("/internal/exports/build", { baseUrl, key, method: "POST" });
  expect(answer.status, answer.text).toBe(200);
  return answer.json.outcomes;
}

/** An owner whose trail has a signed checkpoint, without which no export is made. */
export async function newProvenOwner(): Promise<TestOwner> {
  const owner = await newOwner();
  await until("a checkpoint of the trail", async () => {
    await sequence();
    return (await firestore().doc(`owners/${owner.id}/auditTrees/head`).get()).get("published");
  });
  return owner;
}
