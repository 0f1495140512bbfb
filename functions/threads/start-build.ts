/** Starts the build of an environment's layer: an execution in a thread of its own. */

import type * as z from "zod";
import { deploymentLimits } from "#shared/config";
import type { BuildBody } from "#shared/contract/build";
import { toJsonText } from "#shared/contract/common";
import { MessageCreate } from "#shared/contract/message-create";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { layerHash, layerVariables } from "#shared/core/layers/layer";
import type { Account } from "#shared/core/money/account";
import { type BuildState, buildState, imageTagOf } from "#shared/environments/build-state";
import { readBuilds, stateOf } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { asBuild } from "#shared/executions/as-build";
import { type EarlierStart, readEarlierStart } from "#shared/executions/earlier-start";
import { builtLayer, withLayer } from "#shared/executions/layer-of";
import { shellModel } from "#shared/executions/models";
import { newThread } from "#shared/executions/new-thread";
import { type Started, startExecution, startedFacts } from "#shared/executions/start-execution";
import { requireKeyScope } from "#shared/keys/require-key-scope";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import type { Callers, Context, Earlier, ReadContext, Reply } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { auditEntry } from "#shared/store/audit-rows";
import { patch, type Version, type Write } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import type { FoundDocument } from "#shared/store/read-document";
import { type KnownLayer, readLayers } from "./known-layers.ts";

type Reading<B> = ReadContext<"api-key", { readonly environmentId: string }, unknown, B> & {
  readonly caller: Callers["api-key"];
};
type Deciding = Context<"api-key", unknown, unknown, unknown> & {
  readonly caller: Callers["api-key"];
  readonly account: Account | null;
};

/** What a build depends on besides its environment. */
export interface BuildRead {
  readonly environment: FoundDocument<typeof environments.schema>;
  readonly builds: Awaited<ReturnType<typeof readBuilds>>;
  /** The layers of the owner's environments, to take one that was built from the same. */
  readonly layers: readonly KnownLayer[];
  readonly counted: Awaited<ReturnType<typeof countOwnedIfRepeated>>;
  readonly start: EarlierStart;
  readonly ticketSecret: string;
}

/** @param name What makes the request another one, besides its path, query and body. */
export async function readForBuild<B>(context: Reading<B>, name: string): Promise<BuildRead> {
  const { caller, params, query, body, ids, deps, repeated } = context;
  const { owner } = caller;
  const { store } = deps;
  const request = [name, params, query, body];
  const [environment, layers, counted, start] = await allInOrder([
    store.require(environments.of(owner, params.environmentId)),
    readLayers(store, owner),
    countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
    readEarlierStart(store, owner, { ids, request }),
  ]);
  return {
    environment,
    builds: await readBuilds(store, owner, [environment.value]),
    layers,
    counted,
    start,
    ticketSecret: deps.random(ticketRandomBytes).toString("hex"),
  };
}

interface BuildWanted {
  /** The environment's fields that change in the same commit. */
  readonly fields: Partial<Environment>;
  /** Whether to build although there is a layer of this configuration. */
  readonly force: boolean;
}

export interface DecidedBuild {
  readonly environment: Environment;
  readonly state: BuildState;
  readonly writes: readonly Write[];
  readonly account: Account | undefined;
  readonly started: Started | null;
  readonly body: z.input<typeof BuildBody>;
}

/**
 * Changes the environment, and starts a build if its configuration needs one that isn't there and
 * isn't being made. Pure.
 * @throws {ApiError} 402, 403, 413, 422 or 429; then nothing is changed either.
 */
export function decideBuild(
  context: Deciding,
  data: BuildRead,
  { fields, force }: BuildWanted,
): DecidedBuild {
  const { now } = context;
  const { ref, value, version } = data.environment;
  const next: Environment = { ...value, ...fields, updatedAt: now };
  const state = stateOf(next, data);
  const changed = (more: Partial<Environment>): DecidedBuild => {
    const environment = { ...next, ...more };
    const writes = [patch(ref, { ...fields, ...more, updatedAt: now }, { version })];
    const isSame = Object.keys({ ...fields, ...more }).length === 0;
    const after = stateOf(environment, data);
    return {
      environment,
      state: after,
      writes: isSame ? [] : writes,
      account: undefined,
      started: null,
      body: bodyOf(environment, after),
    };
  };
  if (state.hash === null || isUnbuildable(next) || state.status === "building") return changed({});
  if (!force && builtLayer(next) !== null) return changed({});
  const known = force ? undefined : data.layers.find(({ hash }) => hash === state.hash);
  // What another environment of the same owner has built is the same, byte for byte.
  if (known) {
    const layer = { ...known, variables: layerVariables(next) };
    return changed({ layers: withLayer(next, layer), build: null });
  }
  return startBuild(context, data, { next, fields, version });
}

/** The build as it is, which answers a repeated request. */
export function buildAsItIs(data: BuildRead): DecidedBuild {
  const { value: environment } = data.environment;
  const state = stateOf(environment, data);
  const body = bodyOf(environment, state);
  return { environment, state, writes: [], account: undefined, started: null, body };
}

/**
 * What an earlier request with the same Idempotency-Key started, for `idempotency`. What started no
 * build is done again, and then there is nothing to do, or the build that it lacked is started.
 */
export function earlierBuild(
  { start: { earlier } }: BuildRead,
  answer: (execution: Execution) => Reply,
): Earlier | null {
  return earlier && { isSame: earlier.isSame, answer: () => answer(earlier.execution) };
}

function isUnbuildable(environment: Environment): boolean {
  return buildState({ ...environment, layers: [] }, null).status === "failed";
}

function startBuild(
  context: Deciding,
  data: BuildRead,
  change: {
    readonly next: Environment;
    readonly fields: Partial<Environment>;
    readonly version: Version;
  },
): DecidedBuild {
  const { now } = context;
  const { next, fields, version } = change;
  const started = startIn(context, data, { environment: next, isTest: false });
  const { execution, thread } = started;
  const hash = layerHash(next);
  const build = { hash, executionId: execution.id, threadId: thread.id, startedAt: now };
  const environment = { ...next, build };
  const state = buildState(environment, execution);
  return {
    environment,
    state,
    writes: [
      ...started.writes,
      patch(data.environment.ref, { ...fields, build, updatedAt: now }, { version }),
    ],
    account: started.account,
    started,
    body: bodyOf(environment, state),
  };
}

/** An execution that builds, in a thread that its commit makes. */
export function startIn(
  { caller, ids, now, account }: Deciding,
  data: BuildRead,
  { environment, isTest }: { readonly environment: Environment; readonly isTest: boolean },
) {
  requireExecute(caller);
  const { owner, key } = caller;
  const limits = deploymentLimits();
  const counting = { kind: "threads", counted: data.counted, quotas: limits.quotas } as const;
  const withThread = withOneMoreOwned(account, counting, now);
  const thread = newThread(
    {
      id: ids.next("thread"),
      environmentId: environment.id,
      agentId: null,
      projectId: null,
      appId: null,
      title: `${isTest ? "Test build" : "Build"} of ${environment.name}`,
      metadataJson: toJsonText({ build: layerHash(environment) }),
    },
    now,
  );
  const { start, ticketSecret } = data;
  const { executionId, requestSha256 } = start;
  const started = startExecution(
    { owner, key, messageId: ids.next("message"), limits, now },
    {
      body: MessageCreate.parse({ content: "-", agentConfig: { model: shellModel } }),
      data: {
        ...{ agent: null, wasDeleted: false, sealedSecrets: [], executionId, ticketSecret },
        requestSha256,
        adapt: (execution) => asBuild(execution, environment, { isTest }),
        thread: { value: thread, version: null },
        environment: { value: environment },
      },
      account: withThread,
    },
  );
  return { ...started, thread };
}

function requireExecute({ key }: Callers["api-key"]): void {
  requireKeyScope(key.scopes, "execute", "which building needs");
}

/** What the audit trail says of a build that starts with a change of its environment. */
export function buildAudit(
  { caller, ids, now, request }: Deciding,
  { started, environment }: DecidedBuild,
) {
  const facts = { buildStarted: started !== null };
  if (started === null) return { writes: [], subject: environment.id, facts };
  const row = auditEntry(caller.owner, {
    id: ids.next("auditRow"),
    at: now,
    actor: { type: caller.type, id: caller.id },
    action: "environment.updated",
    subject: environment.id,
    requestId: request.id,
    facts,
    sealedDetails: null,
  });
  return {
    writes: [row],
    limit: started.limit,
    action: "execution.started" as const,
    subject: started.execution.id,
    facts: startedFacts(started.execution, request.id),
  };
}

/** Runs after the commit. If the process dies here, a sweep starts the runner. */
export async function dispatchBuild(
  { caller, deps }: Deciding | (Omit<Deciding, "account"> & object),
  started: Started | null,
  version: Version | null,
): Promise<void> {
  if (started === null) return;
  const { execution, ticket } = started;
  await dispatchStarted(deps.store, caller.owner, { execution, version, ticket, now: deps.now });
}

const messages: Readonly<Record<BuildState["status"], string>> = {
  pending: "Not built yet.",
  building: "The build runs; GET /build/status says when it is done.",
  ready: "Ready: executions find what it builds.",
  failed: "It can't be built.",
};

function bodyOf(environment: Environment, state: BuildState): z.input<typeof BuildBody> {
  const { id, name, build } = environment;
  const isCurrent = build !== null && build.hash === state.hash;
  return {
    success: state.status !== "failed",
    buildId: isCurrent ? build.executionId : null,
    threadId: isCurrent ? build.threadId : null,
    status: state.status,
    message: messages[state.status],
    ...(state.error === null ? {} : { error: state.error }),
    imageTag: imageTagOf(environment, state),
    buildHash: state.hash,
    environmentId: id,
    environmentName: name,
  };
}
