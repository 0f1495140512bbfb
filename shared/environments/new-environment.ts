import { toJsonText } from "../contract/common.ts";
import { askedProfile, type EnvironmentCreate, type McpServer } from "../contract/environment.ts";
import { requestedNetwork } from "../contract/network.ts";
import type { Reach } from "../core/network/network-policy.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import type { Environment, SealedSecrets } from "../store/environments.ts";
import { mcpServersKey, type PlainSecret, sealForEnvironment } from "./seal-secret.ts";

export interface EnvironmentIdentity {
  readonly id: string;
  readonly publicKey: string;
  readonly now: number;
}

export function newEnvironment(
  body: EnvironmentCreate,
  identity: EnvironmentIdentity,
): Environment {
  const closed: Reach = { mode: "none", allow: [] };
  const reach = requestedNetwork(body, closed) ?? closed;
  return {
    v: 1,
    id: identity.id,
    name: body.name,
    description: body.description ?? null,
    profile: askedProfile(body, null) ?? "standard",
    network: reach.mode,
    networkAllow: reach.allow,
    runtimes: body.runtimes,
    packages: body.packages,
    dockerfileExtensions: body.dockerfileExtensions ?? null,
    build: null,
    layers: [],
    gitThreadId: null,
    environmentVariables: body.environmentVariables,
    secretKeys: [...new Set(body.secrets.map(({ key }) => key))],
    setupScripts: body.setupScripts,
    mcpServersJson: toJsonText(body.mcpServers.map(withoutSecrets)),
    documentation: body.documentation,
    isDefault: body.isDefault,
    sealingPublicKey: identity.publicKey,
    workspace: null,
    snapshotIds: [],
    metadataJson: toJsonText(body.metadata ?? {}),
    createdAt: identity.now,
    updatedAt: identity.now,
  };
}

/** The parts of a server that may be stored in clear: never its token or its variables' values. */
function withoutSecrets(server: McpServer): object {
  const { bearerToken, env, ...rest } = server;
  const names = Object.keys(env ?? {}).map((name) => [name, ""]);
  return { ...rest, hasBearerToken: bearerToken !== undefined, env: Object.fromEntries(names) };
}

/** Seals the secrets in the body; null if it has none. */
export async function sealSecretsOf(
  owner: Owner,
  body: EnvironmentCreate,
  identity: EnvironmentIdentity,
): Promise<SealedSecrets | null> {
  const hidden = body.mcpServers.some(({ bearerToken, env }) => bearerToken !== undefined || env);
  const servers = { key: mcpServersKey, value: toJsonText(body.mcpServers) };
  const plain: readonly PlainSecret[] = hidden ? [...body.secrets, servers] : body.secrets;
  if (plain.length === 0) return null;
  // If two secrets have one name the later one counts, as among variables.
  const byName = new Map(plain.map((secret) => [secret.key, secret]));
  const sealed = [...byName.values()].map(async (secret) => {
    const of = { id: identity.id, sealingPublicKey: identity.publicKey };
    const value = await sealForEnvironment(owner, of, secret);
    return { ...value, key: secret.key, updatedAt: identity.now };
  });
  return { v: 2, environmentId: identity.id, values: await allInOrder(sealed) };
}
