import type { Owner } from "../auth/owner.ts";
import { open } from "../secrets/sealing.ts";
import { openSealingPair } from "../secrets/sealing-keys.ts";
import type { SealedSecrets } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";
import type { Store } from "../store/store.ts";
import { secretBinding } from "./new-environment.ts";

/**
 * The secrets an execution is handed: those its environment had when it started, and its message's
 * own, which come before them. One read and one KMS call if there are any; the opened key is wiped.
 */
export async function openSecrets(
  keys: Store,
  owner: Owner,
  of: { readonly execution: Execution; readonly sealed: SealedSecrets | null },
): Promise<readonly { readonly key: string; readonly value: string }[]> {
  const { environmentId, secretKeys, sealedSecrets: own } = of.execution;
  const stored = secretKeys.flatMap((key) => {
    const value = of.sealed?.values[key];
    return value ? [[key, value.sealed] as const] : [];
  });
  const all = new Map([...stored, ...own.map(({ key, sealed }) => [key, sealed] as const)]);
  if (all.size === 0) return [];
  const pair = { purpose: "environment-secrets", id: environmentId } as const;
  const privateKey = await openSealingPair(keys, owner, pair);
  try {
    const opened = [...all].map(async ([key, sealed]) => {
      const plain = await open(privateKey, sealed, secretBinding(owner, environmentId, key));
      return { key, value: plain.toString("utf8") };
    });
    return await Promise.all(opened);
  } finally {
    privateKey.fill(0);
  }
}
