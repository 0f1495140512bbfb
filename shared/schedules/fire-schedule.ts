/**
 * Runs a schedule that is due. One commit starts the execution, moves the schedule on to its next
 * time and records the run, so that of any number of processes one starts it, and a process that
 * dies before that commit has started nothing.
 */

import { ticketRandomBytes } from "../core/executions/ticket.ts";
import type { IdKind } from "../core/ids.ts";
import { dueRuns } from "../core/schedules/due-runs.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { sealStartedTask } from "../executions/seal-started-task.ts";
import type { StartedThread } from "../executions/start-on-new-thread.ts";
import type { Owner } from "../identity/owner.ts";
import { findActingKey } from "../keys/acting-key.ts";
import { countOwned } from "../quotas/owned-resources.ts";
import { agents } from "../store/agents.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import type { Version } from "../store/documents.ts";
import { environments } from "../store/environments.ts";
import { scheduleRuns, schedules } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import {
  decideFiring,
  type FireOutcome,
  type FiringBasis,
  type FiringDecision,
  type FiringIds,
  runIdOf,
} from "./decide-firing.ts";
import { executionStates } from "./execution-states.ts";
import { timingOf } from "./schedule-timing.ts";

export interface FireDeps {
  readonly store: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  random(bytes: number): Buffer;
  newId(kind: IdKind): string;
}

export interface Fired {
  readonly outcome: FireOutcome;
  /** What to dispatch now. */
  readonly started: StartedThread | null;
  readonly version: Version | null;
}

const nothing = { writes: [], outcome: "gone", started: null } as const;

/** @param owner The schedule's owner, without the bounds of any key. */
export async function fireSchedule(
  deps: FireDeps,
  owner: Owner,
  scheduleId: string,
): Promise<Fired> {
  const first = await readBasis(deps, owner, { scheduleId, repeated: false });
  if (first === null) return { ...nothing, version: null };
  let basis: FiringBasis | null = first;
  let ids = await idsFor(deps, first);
  const { decision, version } = await deps.commits.submit<FiringDecision>({
    owner,
    needsAccount: true,
    refresh: async () => {
      basis = await readBasis(deps, owner, { scheduleId, repeated: true });
      if (basis) ids = { ...ids, sealedDetails: await sealedFor(basis, ids.rowId) };
    },
    decide: (account) =>
      basis === null || account === null
        ? nothing
        : decideFiring({ owner, basis, account, ids, now: deps.now() }),
  });
  return { outcome: decision.outcome, started: decision.started, version };
}

/** Everything that the decision depends on; null if the schedule isn't due any more. */
async function readBasis(
  { store, now: clock }: FireDeps,
  owner: Owner,
  { scheduleId, repeated }: { readonly scheduleId: string; readonly repeated: boolean },
): Promise<FiringBasis | null> {
  const now = clock();
  const found = await store.get(schedules.of(owner, scheduleId));
  if (!found.version) return null;
  const { keyId, nextRunAt, missedRuns: policy, agentId, environmentId } = found.value;
  if (nextRunAt === null || nextRunAt > now) return null;
  const acting = await findActingKey(store, { ownerId: owner.id, keyId }, now);
  // While it is held nothing runs, and a long time has very many occurrences to look for.
  const due =
    acting === "held"
      ? { run: null, missed: null, next: nextRunAt }
      : dueRuns(timingOf(found.value), { nextRunAt, policy, now });
  // What its key may not see, the schedule doesn't find.
  const seen = acting === null || acting === "held" ? owner : acting.owner;
  const [environment, agent, states, counted, ran] = await allInOrder([
    store.get(environments.of(seen, environmentId)),
    agentId === null ? null : store.get(agents.of(seen, agentId)),
    executionStates(store, owner, found.value.uncounted),
    repeated ? countOwned(store, owner, "threads") : null,
    due.run === null
      ? null
      : store.get(scheduleRuns.of(owner, scheduleId, runIdOf(scheduleId, due.run))),
  ]);
  return {
    ...{ found, due, acting, states, counted },
    hasRun: (ran?.version ?? null) !== null,
    environment: environment.version ? environment : null,
    agent: agent?.version ? agent : null,
  };
}

async function idsFor(deps: FireDeps, basis: FiringBasis): Promise<FiringIds> {
  const rowId = deps.newId("auditRow");
  return {
    rowId,
    missedId: deps.newId("scheduleRun"),
    messageId: deps.newId("message"),
    ticketSecret: deps.random(ticketRandomBytes).toString("hex"),
    sealedDetails: await sealedFor(basis, rowId),
  };
}

function sealedFor({ acting, found }: FiringBasis, rowId: string): Promise<string | null> {
  return sealStartedTask(acting, rowId, found.value.task);
}
