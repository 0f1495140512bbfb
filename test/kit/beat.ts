/** Sends a heartbeat for an execution's runner, as if it had run for a while already. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { issueToken, type SigningKeys, type TokenPurpose } from "#shared/core/executions/ticket";
import { formatLease } from "../../functions/runner-gateway/lease.ts";
import { executionOf } from "./assert-settled.ts";
import { send } from "./client.ts";
import { cloud, functionUrl } from "./cloud.ts";
import type { TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

/** A token of a running execution, as its claim was given. */
export async function tokenOf(
  owner: TestOwner,
  executionId: string,
  purpose: TokenPurpose,
): Promise<string> {
  const { threadId, environmentId, attempt } = await executionOf(owner, executionId);
  const ids = { ownerId: owner.id, executionId, threadId, environmentId, attempt };
  return issueToken(purpose, { ...ids, expiresAt: Date.now() + 3_600_000 }, await gatewayKeys());
}

async function gatewayKeys(): Promise<SigningKeys> {
  const file = join(cloud().dataFolder, "secrets", "gateway-tokens.json");
  const { current, keys } = JSON.parse(await readFile(file, "utf8"));
  const bytes = Object.entries(keys).map(([id, hex]) => [id, Buffer.from(String(hex), "hex")]);
  return { current, keys: Object.fromEntries(bytes) };
}

export interface Beating {
  readonly key: string;
  readonly leaseVersion: string;
  readonly baseUrl: string;
}

/** Prepares a heartbeat's content, so that only sending it is counted. */
export async function prepareBeat(
  owner: TestOwner,
  executionId: string,
  elapsedMs: number,
): Promise<Beating> {
  const keys = await gatewayKeys();
  const path = `owners/${owner.id}/executions/${executionId}`;
  const [value, { updateTime: version }] = await Promise.all([
    executionOf(owner, executionId),
    firestore().doc(path).get(),
  ]);
  if (!version) throw new Error(`${executionId} doesn't exist`);
  const { threadId, environmentId, attempt, profile, limits, holdMicrousd } = value;
  const now = Date.now();
  const ids = { ownerId: owner.id, executionId, threadId, environmentId, attempt };
  const { wallClockMs } = limits;
  const metered = { profile, wallClockMs, claimedAt: now - elapsedMs };
  const claims = { ...ids, metered, expiresAt: now + 3_600_000 };
  return {
    key: issueToken("control", claims, keys),
    leaseVersion: formatLease({ executionId, version, heldMicrousd: holdMicrousd }, keys),
    baseUrl: await functionUrl("runner-gateway"),
  };
}

export async function sendBeat({ key, leaseVersion, baseUrl }: Beating) {
  const body = { leaseVersion, readerUntil: 0 };
  return await send("/internal/executions/heartbeat", { baseUrl, key, body });
}
