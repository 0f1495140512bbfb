import { expect } from "vitest";
import { accounts, audiences } from "../../local/cloud/names.ts";
import { send } from "./client.ts";
import { functionUrl, idTokenFor } from "./cloud.ts";

/**
 * Calls a route of maintenance, such as `objects`, as the scheduler does. The answer must be 200.
 * @param address Where a process of its own answers, instead of the cloud's maintenance.
 */
export async function sweep(what: string, address?: string) {
  const baseUrl = address ?? (await functionUrl("maintenance"));
  const key = await idTokenFor(accounts.scheduler, audiences.maintenance);
  const answer = await send(`/internal/maintenance/${what}`, { baseUrl, key, method: "POST" });
  expect(answer.status, `${what} answered ${answer.text}`).toBe(200);
  return answer;
}
