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

/** @throws {ApiError} `NOT_FOUND`, naming each step whose agent isn't the caller's. */
export async function requireAgents(store: ReadStore, owner: Owner, steps: Steps) {
  const models = await modelsOf(
    store,
    owner,
    steps.map(({ agentId }) => agentId),
  );
  requireAll(steps, models);
  return models;
}

function requireAll(steps: Steps, known: ReadonlyMap<string, string>): void {
  const details = steps.flatMap(({ agentId }, index) =>
    known.has(agentId)
      ? []
      : [{ field: `steps.${index}.agentId`, message: "names no agent of yours" }],
  );
  if (details.length === 0) return;
  throw new ApiError("NOT_FOUND", { message: "You have no such agent.", details });
}

/** A coordinator is kept and read back; nothing of the public API says what it would do. */
export function coordinatorWarnings(body: {
  readonly coordinatorAgentId?: string | null | undefined;
}): string[] {
  const isNamed = (body.coordinatorAgentId ?? "") !== "";
  return isNamed
    ? ["coordinatorAgentId is kept and read back, and starts nothing: steps run with their own."]
    : [];
}
