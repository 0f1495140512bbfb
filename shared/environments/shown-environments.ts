/** Reads what an environment's own document doesn't say, and shows it. */

import type * as z from "zod";
import { environmentBody } from "../answers/environment-body.ts";
import type { EnvironmentBody } from "../contract/environment.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { busyEnvironments } from "../executions/busy-environments.ts";
import type { Owner } from "../identity/owner.ts";
import type { Environment } from "../store/environments.ts";
import { executions } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";
import { BuildExecution, type BuildState, buildState, imageTagOf } from "./build-state.ts";

export interface AroundEnvironments {
  /** Those in which an execution is queued or running. */
  readonly busy: ReadonlySet<string>;
  /** The executions of the last builds, by their ids. */
  readonly builds: ReadonlyMap<string, BuildExecution>;
}

/** What is around an environment that was made just now, or is looked at for its own sake. */
export const nothingAround: AroundEnvironments = { busy: new Set(), builds: new Map() };

/** @param environmentId If it is given, `all` is that environment. */
export async function readAround(
  store: ReadStore,
  owner: Owner,
  all: readonly Environment[],
  environmentId?: string,
): Promise<AroundEnvironments> {
  const [busy, builds] = await allInOrder([
    busyEnvironments(store, owner, environmentId),
    readBuilds(store, owner, all),
  ]);
  return { busy, builds };
}

/** The executions of the environments' last builds, as far as they are still there. */
export async function readBuilds(
  store: ReadStore,
  owner: Owner,
  all: readonly Environment[],
): Promise<ReadonlyMap<string, BuildExecution>> {
  const ids = all.flatMap(({ build }) => (build === null ? [] : [build.executionId]));
  if (ids.length === 0) return new Map();
  const refs = ids.map((id) => executions.of(owner, id));
  const found = await store.getParts(BuildExecution, refs);
  return new Map(found.flatMap((one) => (one === null ? [] : [[one.id, one] as const])));
}

export function stateOf(
  environment: Environment,
  { builds }: Pick<AroundEnvironments, "builds">,
): BuildState {
  const { build } = environment;
  return buildState(environment, (build && builds.get(build.executionId)) ?? null);
}

export function showEnvironment(
  owner: Owner,
  environment: Environment,
  around: AroundEnvironments,
): z.input<typeof EnvironmentBody> {
  const build = stateOf(environment, around);
  const isBusy = around.busy.has(environment.id);
  return environmentBody(environment, {
    ownerId: owner.id,
    isBusy,
    build: { ...build, imageTag: imageTagOf(environment, build) },
  });
}
