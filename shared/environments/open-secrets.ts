import type { Owner } from "../auth/owner.ts";
import { ApiError } from "../errors/api-error.ts";
import { open } from "../secrets/sealing.ts";
import { openSealingPair } from "../secrets/sealing-keys.ts";
import type { SealedSecrets, SealingKey } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";
import { secretBinding } from "./new-environment.ts";

/**
 * The secrets an execution is handed: those its environment had when it started, and its message's
 * own, which come before them. One KMS call if there are any; the opened key is wiped.
 * @throws {ApiError} `NOT_FOUND` if the environment's key pair was destroyed: its secrets are gone.
 */
export async function openSecrets(
  owner: Owner,
  of: {
    readonly execution: Execution;
    readonly sealed: SealedSecrets | null;
    readonly pair: SealingKey | null;
  },
): Promise<readonly { readonly key: string; readonly value: string }[]> {
  const { environmentId, secretKeys, sealedSecrets: own } = of.execution;
  const stored = secretKeys.flatMap((key) => {
    const value = of.sealed?.values[key];
    return value ? [[key, value.sealed] as const] : [];
  });
  const all = new Map([...stored, ...own.map(({ key, sealed }) => [key, sealed] as const)]);
  if (all.size === 0) return [];
  if (!of.pair) throw new ApiError("NOT_FOUND", { cause: `${environmentId} has no key pair` });
  const name = { purpose: "environment-secrets", id: environmentId } as const;
  const privateKey = await openSealingPair(owner, name, of.pair);
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
