/** Seals secrets to the place where they belong; anywhere else they can't be opened. */
import { bindingOf } from "../contract/secret.ts";
import type { Owner } from "../identity/owner.ts";
import type { SecretBinding } from "../protocol/bound-secret.ts";
import { type AssociatedData, seal } from "../secrets/sealing.ts";

/** The name that the full list of MCP servers is sealed under; no variable can have it. */
export const mcpServersKey = "mcp-servers";
/** The same for those of a message. */
export const messageServersKey = "message-mcp-servers";

export interface PlainSecret {
  readonly key: string;
  readonly value: string;
  readonly hosts?: readonly string[] | undefined;
  readonly headers?: readonly string[] | undefined;
}

export interface SealedForm {
  readonly sealed: string;
  readonly binding: SecretBinding | null;
}

interface Sealer {
  readonly id: string;
  readonly sealingPublicKey: string;
}

/**
 * Binds a secret to its environment and hosts, so rewriting the hosts in storage makes it
 * unreadable.
 */
export function environmentBinding(
  owner: Owner,
  environmentId: string,
  secret: { readonly key: string; readonly binding: SecretBinding | null },
): AssociatedData {
  const { key, binding } = secret;
  const bound = binding === null ? [] : [JSON.stringify([binding.hosts, binding.headers])];
  return [owner.id, environmentId, "environment-secrets", key, ...bound];
}

/** Binds a secret of a message to the message's execution, and to hosts if it has any. */
export function messageBinding(
  owner: Owner,
  environmentId: string,
  secret: {
    readonly executionId: string;
    readonly key: string;
    readonly binding: SecretBinding | null;
  },
): AssociatedData {
  const { executionId, key, binding } = secret;
  const bound = binding === null ? [] : [JSON.stringify([binding.hosts, binding.headers])];
  return [owner.id, environmentId, "message-secrets", executionId, key, ...bound];
}

export async function sealForEnvironment(
  owner: Owner,
  { id, sealingPublicKey }: Sealer,
  secret: PlainSecret,
): Promise<SealedForm> {
  const binding = bindingOf(secret);
  const associatedData = environmentBinding(owner, id, { key: secret.key, binding });
  return { sealed: await sealText(sealingPublicKey, secret.value, associatedData), binding };
}

export async function sealForMessage(
  owner: Owner,
  { id, sealingPublicKey }: Sealer,
  secret: {
    readonly executionId: string;
    readonly key: string;
    readonly value: string;
    readonly binding?: SecretBinding;
  },
) {
  const { executionId, key, value, binding = null } = secret;
  const associatedData = messageBinding(owner, id, { executionId, key, binding });
  const sealed = await sealText(sealingPublicKey, value, associatedData);
  return { key, sealed, of: "execution" as const, binding };
}

/** Wipes the copy that is sealed; the text it was made from is left to the garbage collector. */
async function sealText(publicKey: string, text: string, binding: AssociatedData): Promise<string> {
  const plain = Buffer.from(text);
  try {
    return await seal(publicKey, plain, binding);
  } finally {
    plain.fill(0);
  }
}
