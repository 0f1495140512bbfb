/** An owner whose trail is proven, and whose reads of it this hour are recorded. */
import { expect } from "vitest";
import { sequence } from "./audit-trail.ts";
import { send } from "./client.ts";
import { until } from "./cloud.ts";
import { newOwner } from "./owners.ts";

export interface TrailReader {
  readonly rowsCount: number;
  list(): Promise<unknown>;
  prove(): Promise<unknown>;
}

export async function newTrailReader(): Promise<TrailReader> {
  const { key } = await newOwner({ creditUsd: 0 });
  const list = async () => {
    const answer = await send("/v1/audit?limit=100", { key });
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const [row] = (await list()).data;
  const prove = async () => (await send(`/v1/audit/${row.id}/proof`, { key })).status === 200;
  await until("a checkpoint of the trail", async () => {
    await sequence();
    return await prove();
  });
  // The first proof is a row, too.
  await sequence();
  return { rowsCount: (await list()).data.length, list, prove };
}
