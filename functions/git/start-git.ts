/** Starts an execution that runs git, in a thread that the environment keeps for that. */

import { deploymentLimits } from "#shared/config";
import { toJsonText } from "#shared/contract/common";
import { MessageCreate } from "#shared/contract/message-create";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { type GitCommand, gitScript, identityVariables } from "#shared/core/git/git-script";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { shellModel } from "#shared/executions/models";
import { newThread } from "#shared/executions/new-thread";
import { type Started, startExecution } from "#shared/executions/start-execution";
import type { Owner } from "#shared/identity/owner";
import { requireKeyScope } from "#shared/keys/require-key-scope";
import type { Callers, Context, ReadContext } from "#shared/pipeline/route";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { patch, type Write } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { deletedExecutions, type Execution, executions } from "#shared/store/executions";
import type { FoundDocument } from "#shared/store/read-document";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";

/** What a route has decided to run. */
export interface GitPlan extends GitCommand {
  /** The request in two words, for people: `git push`. */
  readonly title: string;
  /** What the answer's message is if it succeeds. */
  readonly done: string;
  /** Where the repository is afterwards, if not where git runs. */
  readonly resultFolder?: string;
  /** The branch that the answer names, if not the one that is checked out. */
  readonly branch?: string;
  /** Whether the answer lists files. */
  readonly showsFiles: boolean;
  /** Whether it may reach what the environment's network allows; else it reaches nothing. */
  readonly needsNetwork: boolean;
  /** Secrets of the request, sealed to its execution. */
  readonly sealedSecrets: Readonly<Execution["sealedSecrets"]>;
  /** Whether the password is a secret of the environment. */
  readonly isStoredSecret: boolean;
}

export interface GitStartRead {
  readonly environment: FoundDocument<typeof environments.schema>;
  readonly thread: FoundDocument<typeof threads.schema> | null;
  readonly counted: Awaited<ReturnType<typeof countOwnedIfRepeated>>;
  readonly executionId: string;
  /** What an earlier request with the same Idempotency-Key started. */
  readonly earlier: Execution | null;
  readonly wasDeleted: boolean;
  readonly ticketSecret: string;
}

type Caller = Callers["api-key"];
type Reading<B> = ReadContext<"api-key", { readonly environmentId: string }, unknown, B>;

export async function readForGit<B>(context: Reading<B>): Promise<GitStartRead> {
  const { caller, params, ids, deps, repeated } = context;
  const { owner } = caller;
  const { store } = deps;
  requireExecute(caller);
  const repeatableId = ids.ofRequest("execution");
  const executionId = repeatableId ?? ids.next("execution");
  const environment = await store.require(environments.of(owner, params.environmentId));
  const { gitThreadId } = environment.value;
  const [thread, earlier, deleted, counted] = await allInOrder([
    gitThreadId === null ? null : store.get(threads.of(owner, gitThreadId)),
    repeatableId === null ? null : store.get(executions.of(owner, executionId)),
    repeatableId === null ? null : store.get(deletedExecutions.of(owner, executionId)),
    countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
  ]);
  return {
    environment,
    // One that was deleted is replaced, and so is one of the environment that this is a fork of.
    thread: thread?.version && thread.value.environmentId === environment.value.id ? thread : null,
    counted,
    executionId,
    earlier: earlier?.value ?? null,
    wasDeleted: (deleted?.value ?? null) !== null,
    ticketSecret: deps.random(ticketRandomBytes).toString("hex"),
  };
}

function requireExecute({ key }: Caller): void {
  requireKeyScope(key.scopes, "execute", "which running git needs");
}

const Working = executions.schema.pick({ build: true, keepsChanges: true });
const workingMax = 100;

/**
 * Two executions that both change a repository can't be merged, since git keeps its state in
 * several files that must agree.
 * @throws {ApiError} `EXECUTION_RUNNING`
 */
export async function requireQuiet(
  store: ReadStore,
  owner: Owner,
  environmentId: string,
): Promise<void> {
  const found = (["queued", "running"] as const).map((status) =>
    store.findParts(executions.all(owner), Working, {
      where: [
        ["status", status],
        ["environmentId", environmentId],
      ],
      orderBy: [],
      limit: workingMax,
    }),
  );
  const changing = (await allInOrder(found)).flat().some(changesFiles);
  if (!changing) return;
  const message = "An execution works on this environment's files; wait until it has ended.";
  throw new ApiError("EXECUTION_RUNNING", { message, headers: { "retry-after": "5" } });
}

function changesFiles({ build, keepsChanges }: Pick<Execution, "build" | "keepsChanges">): boolean {
  return build === null && keepsChanges;
}

type Deciding = Context<"api-key", unknown, unknown, unknown> & {
  readonly account: Parameters<typeof withOneMoreOwned>[0];
};

/** Pure. @throws {ApiError} 402, 403, 409, 422 or 429; then nothing is changed. */
export function startGit(
  { caller, ids, now, account }: Deciding,
  data: GitStartRead,
  { plan, requestSha256 }: { readonly plan: GitPlan; readonly requestSha256: string },
): Started & { readonly writes: readonly Write[] } {
  const { owner, key } = caller;
  const limits = deploymentLimits();
  const { ref, value: environment, version } = data.environment;
  if (account === null)
    throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
  const { counted, executionId, ticketSecret, wasDeleted } = data;
  const made = data.thread === null ? madeThread(environment, ids.next("thread"), now) : null;
  const counting = { kind: "threads", counted, quotas: limits.quotas } as const;
  const started = startExecution(
    { owner, key, messageId: ids.next("message"), limits, now },
    {
      body: MessageCreate.parse({ content: "-", agentConfig: { model: shellModel } }),
      data: {
        ...{ agent: null, wasDeleted, executionId, ticketSecret, requestSha256 },
        sealedSecrets: [...plan.sealedSecrets],
        adapt: (execution) => asGit(execution, plan),
        thread: data.thread ?? { value: made ?? madeThread(environment, "", now), version: null },
        environment: { value: environment },
      },
      account: made === null ? account : withOneMoreOwned(account, counting, now),
    },
  );
  if (made === null) return started;
  const kept = patch(ref, { gitThreadId: made.id, updatedAt: now }, { version });
  return { ...started, writes: [...started.writes, kept] };
}

function madeThread(
  { id, name }: { readonly id: string; readonly name: string },
  threadId: string,
  now: number,
) {
  return newThread(
    {
      id: threadId,
      environmentId: id,
      agentId: null,
      projectId: null,
      appId: null,
      title: `Git in ${name}`,
      metadataJson: toJsonText({}),
    },
    now,
  );
}

/** It holds neither the environment's secrets nor its variables, and reaches what it needs. */
function asGit(execution: Execution, plan: GitPlan): Execution {
  const closed = { mode: "none", allow: [], limits: defaultEgressLimits, job: "none" } as const;
  const isIdentity = ({ key }: { readonly key: string }) => identityVariables.includes(key);
  return {
    ...execution,
    task: { ...execution.task, instructions: null, content: gitScript(plan) },
    network: plan.needsNetwork ? execution.network : { ...closed, allow: [] },
    environmentVariables: execution.environmentVariables.filter(isIdentity),
    secretKeys:
      plan.isStoredSecret && plan.passwordVariable !== null ? [plan.passwordVariable] : [],
    setupScripts: [],
    layer: null,
  };
}
