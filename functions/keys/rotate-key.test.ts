import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newNetworksPerDayMax } from "#shared/core/keys/key-networks";
import { newAccount } from "#shared/core/money/account";
import { recordableUse } from "#shared/keys/record-key-use";
import type { ChangeRoute } from "#shared/pipeline/route";
import { ApiKey, apiKeys } from "#shared/store/api-keys";

const dayMs = 86_400_000;
const now = 20_000 * dayMs;
const [here, elsewhere] = ["192.0.2.7", "203.0.113.7"];

const old = ApiKey.parse({
  ...{ v: 2, id: "key_old", name: "", description: null, metadataJson: "null" },
  ...{ scopes: ["*"], environmentIds: null, addressRanges: null, expiresAt: null },
  ...{ executionCostMaxMicrousd: null, dayCostMaxMicrousd: null, lineageId: null, turnNodes: [] },
  ...{ createdBy: "op", createdAt: 1, ownerId: `user_${"a".repeat(21)}`, ownerState: "active" },
  ...{ containedBy: null, mode: "development", prefix: "", pepperId: "a", auditPublicKey: "" },
  ...{ revokedAt: null, deletedAt: null, dueAt: null, replacedBy: null },
  ...{ lastUsedAt: now, lastUsedIp: here },
  networks: { digests: ["a", "b"], day: now / dayMs, newThatDay: newNetworksPerDayMax - 1 },
});

let rotateKey: ChangeRoute;
beforeAll(async () => {
  vi.resetModules();
  vi.doMock("#shared/config", async (original) => ({
    ...(await original<object>()),
    peppers: () => ({ current: "a", keys: { a: Buffer.alloc(32) } }),
  }));
  ({ rotateKey } = await import("./rotate-key.ts"));
});
afterAll(() => {
  vi.doUnmock("#shared/config");
  vi.resetModules();
});

/** The key that replaces `old`, and its text. */
function rotatedBy(id: string): { readonly key: ApiKey; readonly text: string } {
  const decided = rotateKey.decide({
    caller: { type: "key", id, key: { ...old, id } },
    body: { gracePeriodHours: 24 },
    data: {
      old: { ref: apiKeys.doc("old"), value: old, version: null },
      random: Buffer.alloc(28, 7),
      counted: { live: 1, made: null },
    },
    account: newAccount(now),
    request: { address: here },
    ids: { next: () => "key_new" },
    now,
  } as never);
  const made = decided.writes.flatMap((write) => (write.op === "create" ? [write.value] : []));
  const { body } = decided.reply as { readonly body: { readonly key: string } };
  return { key: ApiKey.parse(made[0]), text: body.key };
}

const newNetworkOf = (used: ReturnType<typeof rotatedBy>, address: string) =>
  recordableUse(used, { address, now })?.newNetwork ?? null;

test("INC-1 a key that rotates itself is from a new network where it wasn't asked for", () => {
  const successor = rotatedBy(old.id);
  expect(newNetworkOf(successor, here)).toBeNull();
  expect(newNetworkOf(successor, elsewhere)).toMatchObject({ knownBefore: 1 });
  // What the day may still have of them goes on as well.
  expect(successor.key.networks).toMatchObject({ newThatDay: newNetworksPerDayMax - 1 });
});

test("a key that another one rotates is used where its holder is, first of all", () => {
  expect(newNetworkOf(rotatedBy("key_other"), elsewhere)).toBeNull();
});
