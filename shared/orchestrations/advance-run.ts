/**
 * Moves a run on: notes what its executions have answered, and starts the steps that may start, one
 * in each commit. A process that dies before a commit has done nothing of it, and the next sweep
 * does it; of two that move the same run, one commit fails and is decided again.
 */

import { ticketRandomBytes } from "../core/executions/ticket.ts";
import type { IdKind } from "../core/ids.ts";
import type { Judged } from "../core/orchestrations/next-steps.ts";
import { runExecutionsMax } from "../core/orchestrations/words.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { defaultModel } from "../executions/models.ts";
import { sealStartedTask } from "../executions/seal-started-task.ts";
import type { StartedThread } from "../executions/start-on-new-thread.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { findActingKey } from "../keys/acting-key.ts";
import { countOwned } from "../quotas/owned-resources.ts";
import { agents } from "../store/agents.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import type { Version } from "../store/documents.ts";
import { environments } from "../store/environments.ts";
import { executions } from "../store/executions.ts";
import {
  type OrchestrationRun,
  orchestrationRuns,
  orchestrations,
} from "../store/orchestrations.ts";
import { ledger } from "../store/owners.ts";
import type { ReadStore, Store } from "../store/store.ts";
import { countFailure, isUnexpected } from "./count-failure.ts";
import {
  type AdvanceBasis,
  type AdvanceDecision,
  type AdvanceOutcome,
  decideAdvance,
} from "./decide-advance.ts";
import { type Answers, openExecutions, StepExecution, withAnswers } from "./run-state.ts";
import { type StepInput, stepInput } from "./step-input.ts";

/** An execution has a line for its charge, and one for what wasn't charged. */
const linesMax = 10;

export interface AdvanceDeps {
  readonly store: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  random(bytes: number): Buffer;
  newId(kind: IdKind): string;
}

export interface Advanced {
  readonly outcome: AdvanceOutcome;
  /** What to dispatch now. */
  readonly started: readonly { readonly start: StartedThread; readonly version: Version | null }[];
}

interface RunPlace {
  readonly orchestrationId: string;
  readonly id: string;
}

/** What was found of the run's conditions, while this process moves it on. */
interface JudgedBefore {
  readonly judged: Judged;
}

const nothing = { writes: [], outcome: "gone", started: null } as const;

/**
 * A failure that nobody expected is counted before it is thrown, so that it ends the run some time.
 * @param owner The run's owner, without the bounds of any key.
 */
export async function advanceRun(
  deps: AdvanceDeps,
  owner: Owner,
  place: RunPlace,
): Promise<Advanced> {
  const started: Advanced["started"][number][] = [];
  const judged: Judged = new Map();
  for (;;) {
    try {
      const { decision, version } = await advanceOnce(deps, owner, { ...place, judged });
      const { outcome, started: start } = decision;
      if (start) started.push({ start, version });
      if (outcome !== "started" || started.length > runExecutionsMax) return { outcome, started };
    } catch (cause) {
      // What can't be counted now is counted when it fails again.
      if (isUnexpected(cause)) await countFailure(deps, owner, place).catch(() => {});
      throw cause;
    }
  }
}

async function advanceOnce(deps: AdvanceDeps, owner: Owner, place: RunPlace & JudgedBefore) {
  let basis = await readBasis(deps, owner, { place, repeated: false });
  return await deps.commits.submit<AdvanceDecision>({
    owner,
    needsAccount: true,
    refresh: async () => {
      basis = await readBasis(deps, owner, { place, repeated: true });
    },
    decide: (account) =>
      basis === null || account === null
        ? nothing
        : decideAdvance({ owner, basis, account, now: deps.now() }),
  });
}

/** Everything that the decision depends on; null if the run has ended or is gone. */
async function readBasis(
  deps: AdvanceDeps,
  owner: Owner,
  { place, repeated }: { readonly place: RunPlace & JudgedBefore; readonly repeated: boolean },
): Promise<AdvanceBasis | null> {
  const { store } = deps;
  const { orchestrationId, id, judged } = place;
  const found = await store.get(orchestrationRuns.of(owner, orchestrationId, id));
  if (!found.version || found.value.completedAt !== null) return null;
  const { keyId, environmentId } = found.value;
  const [acting, parent, answers, counted] = await allInOrder([
    findActingKey(store, { ownerId: owner.id, keyId }, deps.now()),
    store.get(orchestrations.of(owner, orchestrationId)),
    readAnswers(store, owner, found.value),
    repeated ? countOwned(store, owner, "threads") : null,
  ]);
  const { run, ready } = withAnswers(found.value, answers, judged);
  // What its key may not see, the run doesn't find.
  const seen = acting === null || acting === "held" ? owner : acting.owner;
  const agentId = agentOf(run, ready);
  const [environment, agent] = await allInOrder([
    store.get(environments.of(seen, environmentId)),
    agentId === null ? null : store.get(agents.of(seen, agentId)),
  ]);
  const model = agent?.value?.model ?? defaultModel();
  const input = inputOf(run, ready, model);
  const exists = parent.version !== null;
  return {
    ...{ found, run, ready, exists, acting, counted, input },
    environment: environment.version ? environment : null,
    agent: agent?.version ? agent : null,
    ids: await idsFor(deps, acting, input),
  };
}

async function readAnswers(
  store: ReadStore,
  owner: Owner,
  run: OrchestrationRun,
): Promise<Answers> {
  const ids = openExecutions(run);
  if (ids.length === 0) return { executions: new Map(), goneMicrousd: new Map() };
  const found = await store.getParts(
    StepExecution,
    ids.map((id) => executions.of(owner, id)),
  );
  const known = new Map(found.flatMap((one) => (one ? [[one.id, one] as const] : [])));
  const gone = ids.filter((id) => !known.has(id));
  const charges = gone.map(async (id) => [id, await chargedFor(store, owner, id)] as const);
  return { executions: known, goneMicrousd: new Map(await allInOrder(charges)) };
}

/** What is on the ledger for an execution: it was settled before it was erased. */
async function chargedFor(store: ReadStore, owner: Owner, executionId: string): Promise<number> {
  const where = [["executionId", executionId]] as const;
  const lines = await store.findAll(ledger.all(owner), { where, orderBy: [], limit: linesMax });
  return lines.reduce((sum, { value }) => sum - value.amountMicrousd, 0);
}

function agentOf({ results, steps }: OrchestrationRun, [index]: readonly number[]): string | null {
  if (index === undefined) return null;
  return steps.find(({ id }) => id === results[index]?.stepId)?.agentId ?? null;
}

function inputOf(
  run: OrchestrationRun,
  [index]: readonly number[],
  model: string,
): StepInput | ApiError | null {
  const state = index === undefined ? undefined : run.results[index];
  if (!state) return null;
  try {
    return stepInput(run, state, model);
  } catch (cause) {
    if (cause instanceof ApiError) return cause;
    throw cause;
  }
}

async function idsFor(
  deps: AdvanceDeps,
  acting: AdvanceBasis["acting"],
  input: AdvanceBasis["input"],
): Promise<AdvanceBasis["ids"]> {
  const rowId = deps.newId("auditRow");
  const task = input && !(input instanceof ApiError) ? input.content : null;
  return {
    rowId,
    messageId: deps.newId("message"),
    ticketSecret: deps.random(ticketRandomBytes).toString("hex"),
    sealedDetails: task === null ? null : await sealStartedTask(acting, rowId, task),
  };
}

/** Sees all of the account, whatever the key of a request may see. */
export function wholeOwner({ id, mode }: Owner): Owner {
  return mintOwner(id, mode);
}
