/** Keys of those who have no business anywhere, each with the reason why not. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { composeKey, hashKey, keyRandomBytes, type Mode } from "#shared/core/keys/api-key";
import { send } from "../../kit/client.ts";
import { cloud, until } from "../../kit/cloud.ts";
import { newOwner, type TestOwner } from "../../kit/owners.ts";
import { firestore } from "../../kit/store.ts";

export interface StrangerKey {
  readonly kind: string;
  /** Null for none at all. */
  readonly key: string | null;
  /** What the answer says; the catalogue's sentence where the reason is nobody's business. */
  readonly sentence: RegExp;
}

const unnamed = /^Send a valid API key/;
/** A key in the right form; its last eight characters are no check of any pepper. */
export const forged = `tb_dev_${"0".repeat(64)}`;

/** None of these was ever issued, and that shows without a read. */
export const unissued: readonly StrangerKey[] = [
  { kind: "no key", key: null, sentence: unnamed },
  { kind: "a malformed key", key: "tb_dev_0123", sentence: unnamed },
  { kind: "a forged key", key: forged, sentence: unnamed },
];

/** A key with a check that is right, whoever made it. */
export function keyWithCheck(mode: Mode = "development"): string {
  const { PADDOCK_PEPPERS_FILE: file = "" } = cloud().environment;
  const { current, keys } = JSON.parse(readFileSync(file, "utf8"));
  return composeKey(mode, randomBytes(keyRandomBytes), Buffer.from(keys[current], "hex"));
}

/** When a key was used is written after the answer: whoever looks for writes waits for that one. */
export async function untilUseIsNoted({ key }: TestOwner): Promise<void> {
  const stored = firestore().collection("apiKeys").doc(hashKey(key));
  await until("the note of its use", async () => (await stored.get()).get("lastUsedAt") !== null);
}

/** A key of `owner` as the store could hold it, but for what `changes` say. */
async function plant(owner: TestOwner, changes: object, mode?: Mode): Promise<string> {
  const keys = firestore().collection("apiKeys");
  const stored = (await keys.doc(hashKey(owner.key)).get()).data();
  const key = keyWithCheck(mode);
  await keys.doc(hashKey(key)).set({ ...stored, ...changes });
  return key;
}

/** Keys that look right and have to be looked up to be refused. */
export async function refusedKeys(): Promise<readonly StrangerKey[]> {
  const owner = await newOwner({ creditUsd: 0 });
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
