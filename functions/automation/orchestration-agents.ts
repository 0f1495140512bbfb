import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { Agent, agents } from "#shared/store/agents";
import type { ReadStore } from "#shared/store/store";

const Model = Agent.pick({ id: true, model: true });

/** The models of agents, by the agents' ids; those that are gone are missing. */
async function modelsOf(
  store: ReadStore,
  owner: Owner,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wellFormed = [...new Set(ids)].filter((id) => idSchema("agent").safeParse(id).success);
  if (wellFormed.length === 0) return new Map();
  const found = await store.getParts(
    Model,
    wellFormed.map((id) => agents.of(owner, id)),
  );
  return new Map(found.flatMap((one) => (one ? [[one.id, one.model] as const] : [])));
}

type Steps = readonly { readonly agentId: string }[];

interface NamedAgents {
  readonly steps?: Steps | undefined;
  readonly coordinatorAgentId?: string | null | undefined;
}

/**
 * @returns the models of the steps' agents, by the agents' ids.
 * @throws {ApiError} `NOT_FOUND`, naming each field whose agent isn't the caller's.
 */
export async function requireAgents(store: ReadStore, owner: Owner, body: NamedAgents) {
  const named = namedIn(body);
  const models = await modelsOf(
    store,
    owner,
    named.map(({ agentId }) => agentId),
  );
  const details = named
    .filter(({ agentId }) => !models.has(agentId))
    .map(({ field }) => ({ field, message: "names no agent of yours" }));
  if (details.length === 0) return models;
  throw new ApiError("NOT_FOUND", { message: "You have no such agent.", details });
}

function namedIn({ steps = [], coordinatorAgentId }: NamedAgents) {
  const ofSteps = steps.map(({ agentId }, index) => ({ field: `steps.${index}.agentId`, agentId }));
  if (!coordinatorAgentId) return ofSteps;
  return [...ofSteps, { field: "coordinatorAgentId", agentId: coordinatorAgentId }];
}

/** A coordinator is kept and read back; nothing of the public API says what it would do. */
export function coordinatorWarnings({ coordinatorAgentId }: NamedAgents): string[] {
  return coordinatorAgentId
    ? ["coordinatorAgentId is kept and read back, and starts nothing: steps run with their own."]
    : [];
}
