import { allInOrder } from "../errors/all-in-order.ts";
import { shellModel } from "../executions/models.ts";
import type { Owner } from "../identity/owner.ts";
import type { BoundSecret, SecretBinding } from "../protocol/bound-secret.ts";
import { type AssociatedData, open } from "../secrets/sealing.ts";
import { openSealingPair, unlessPairGone } from "../secrets/sealing-keys.ts";
import type { SealedSecrets, SealingKey } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";
import {
  environmentBinding,
  mcpServersKey,
  messageBinding,
  messageServersKey,
} from "./seal-secret.ts";

const serverKeys: readonly string[] = [mcpServersKey, messageServersKey];

interface Sealed {
  readonly sealed: string;
  readonly binding: SecretBinding | null;
  readonly associatedData: AssociatedData;
}

export interface OpenedSecrets {
  /** Handed to the sandbox. */
  readonly secrets: readonly { readonly key: string; readonly value: string }[];
  /** Kept by the supervisor. */
  readonly boundSecrets: readonly BoundSecret[];
  /** JSON texts of MCP servers with their tokens: the environment's, and the message's. */
  readonly sealedServers: {
    readonly ofEnvironment: string | null;
    readonly ofMessage: string | null;
  };
}

const noServers = { ofEnvironment: null, ofMessage: null };

/** Retrying can't open the secrets: their key pair was destroyed, or another pair sealed them. */
export class SecretsGone extends Error {
  override readonly name = "SecretsGone";
}

/**
 * Opens the secrets of an execution: those its environment had at the start, and its message's own,
 * which take precedence. Takes one KMS call if there are any, and wipes the opened key.
 * @throws {SecretsGone} @throws {ApiError} `UNAVAILABLE` if KMS doesn't answer.
 */
export async function openSecrets(
  owner: Owner,
  stored: {
    readonly execution: Execution;
    readonly sealed: SealedSecrets | null;
    readonly pair: SealingKey | null;
  },
): Promise<OpenedSecrets> {
  const all = allSealed(owner, stored.execution, stored.sealed);
  if (all.size === 0) return { secrets: [], boundSecrets: [], sealedServers: noServers };
  const { environmentId: id } = stored.execution;
  if (!stored.pair) throw new SecretsGone("the environment has no key pair");
  const name = { purpose: "environment-secrets", id } as const;
  const privateKey = await openSealingPair(owner, name, stored.pair).catch(
    unlessPairGone((cause) => new SecretsGone("KMS can't unwrap the key pair", { cause })),
  );
  try {
    const opened = await allInOrder(
      [...all].map(async ([key, { sealed, binding, associatedData }]) => {
        const plain = await open(privateKey, sealed, associatedData).catch((cause: unknown) => {
          throw new SecretsGone("a secret isn't sealed to the environment's key pair", { cause });
        });
        const value = plain.toString("utf8");
        plain.fill(0);
        return { key, value, binding };
      }),
    );
    const isVariable = ({ key }: { key: string }) => !serverKeys.includes(key);
    const textOf = (name: string) => opened.find(({ key }) => key === name)?.value ?? null;
    const variables = opened.filter(isVariable);
    return {
      sealedServers: {
        ofEnvironment: textOf(mcpServersKey),
        ofMessage: textOf(messageServersKey),
      },
      secrets: variables.flatMap(({ key, value, binding }) => (binding ? [] : [{ key, value }])),
      boundSecrets: variables.flatMap(({ binding, ...secret }) =>
        binding ? [{ ...secret, ...binding }] : [],
      ),
    };
  } finally {
    privateKey.fill(0);
  }
}

function allSealed(
  owner: Owner,
  { id: executionId, environmentId, secretKeys, sealedSecrets: own, task }: Execution,
  stored: SealedSecrets | null,
): ReadonlyMap<string, Sealed> {
  const all = new Map<string, Sealed>();
  const byName = new Map(stored?.values.map((value) => [value.key, value]));
  // `shell` calls no servers, so their tokens stay sealed.
  const servers = task.model === shellModel ? [] : [mcpServersKey];
  for (const key of [...secretKeys, ...servers]) {
    const value = byName.get(key);
    if (!value) continue;
    const { sealed, binding } = value;
    const associatedData = environmentBinding(owner, environmentId, { key, binding });
    all.set(key, { sealed, binding, associatedData });
  }
  for (const { key, sealed, of, binding } of own) {
    const associatedData =
      of === "execution"
        ? messageBinding(owner, environmentId, { executionId, key, binding })
        : environmentBinding(owner, environmentId, { key, binding: null });
    all.set(key, { sealed, binding, associatedData });
  }
  return all;
}
