/** Keys that must not be accepted, each with the reason. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { composeKey, hashKey, keyRandomBytes, type Mode } from "#shared/core/keys/api-key";
import { send } from "../../kit/client.ts";
import { cloud, until } from "../../kit/cloud.ts";
import type { TestOwner } from "../../kit/owners.ts";
import { firestore } from "../../kit/store.ts";

export interface StrangerKey {
  readonly kind: string;
  /** Null for a request without a key. */
  readonly key: string | null;
  /** The answer's message; the catalogue's if the reason must stay secret. */
  readonly sentence: RegExp;
}

const unnamed = /^Send a valid API key/;
/** A key in the right form whose last eight characters no pepper has signed. */
export const forged = `tb_dev_${"0".repeat(64)}`;

/** None of these was ever issued, which is visible without a read. */
export const unissued: readonly StrangerKey[] = [
  { kind: "no key", key: null, sentence: unnamed },
  { kind: "a malformed key", key: "tb_dev_0123", sentence: unnamed },
  { kind: "a forged key", key: forged, sentence: unnamed },
];

/** A key whose checksum is right, although it was never issued. */
export function keyWithCheck(mode: Mode = "development"): string {
  const { PADDOCK_PEPPERS_FILE: file = "" } = cloud().environment;
  const { current, keys } = JSON.parse(readFileSync(file, "utf8"));
  return composeKey(mode, randomBytes(keyRandomBytes), Buffer.from(keys[current], "hex"));
}

/** The use of a key is recorded after the answer, so a test that counts writes waits for it. */
export async function untilUseIsNoted({ key }: TestOwner): Promise<void> {
  const stored = firestore().collection("apiKeys").doc(hashKey(key));
  await until("the note of its use", async () => (await stored.get()).get("lastUsedAt") !== null);
}

/** Stores a key of `owner` with `changes`. */
async function plant(owner: TestOwner, changes: object, mode?: Mode): Promise<string> {
  const keys = firestore().collection("apiKeys");
  const stored = (await keys.doc(hashKey(owner.key)).get()).data();
  const key = keyWithCheck(mode);
  await keys.doc(hashKey(key)).set({ ...stored, ...changes });
  return key;
}

/** Keys that look right and are refused only after a look-up. */
export async function refusedKeys(owner: TestOwner): Promise<readonly StrangerKey[]> {
  const revoked = (await send("/v1/keys", { key: owner.key, body: { name: "revoked" } })).json;
  await send(`/v1/keys/${revoked.id}/revoke`, { key: owner.key, method: "POST" });
  await untilUseIsNoted(owner);
  return [
    { kind: "a key that was never stored", key: keyWithCheck(), sentence: unnamed },
    { kind: "a revoked key", key: revoked.key, sentence: /revoked/ },
    { kind: "an expired key", key: await plant(owner, { expiresAt: 1 }), sentence: /expired/ },
    {
      kind: "a key of a suspended owner",
      key: await plant(owner, { ownerState: "suspended" }),
      sentence: /suspended/,
    },
    {
      kind: "a key with the other mode's prefix",
      key: await plant(owner, {}, "production"),
      sentence: /prefix/,
    },
  ];
}
