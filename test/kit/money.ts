/** Crowds that want one account's money at once, and what must hold afterwards. */
import { setTimeout as wait } from "node:timers/promises";
import { nanoid } from "nanoid";
import { expect } from "vitest";
import { idOf } from "#shared/core/ids";
import { Account, spendableMicrousd } from "#shared/core/money/account";
import { Execution } from "#shared/store/executions";
import { LedgerEntry } from "#shared/store/owners";
import { accountOf, expectBalanced } from "./assert-settled.ts";
import { type Answer, eventsOf, send } from "./client.ts";
import { until } from "./cloud.ts";
import { play } from "./instant-containers.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "./owners.ts";
import { isLong } from "./shard.ts";
import { firestore } from "./store.ts";

/** An execution holds a second's price; one that works for a second costs exactly its hold. */
export const workMs = 1_000;
export const eachMicrousd = 125;
const profile = "power";

export const moneyLimits = {
  executions: { max: 1_000_000, windowMs: 900_000 },
  ownerExecutions: null,
  concurrentMax: 500,
  keyConcurrentMax: 500,
  keyHeldPercentMax: 100,
  wallClockMs: workMs,
  timing: {
    dispatchDeadlineMs: 2_000,
    claimDeadlineMs: 4_000,
    heartbeatIntervalMs: 5_000,
    leaseMs: 15_000,
  },
};

/** The limit of one test; the full counts take minutes on a busy machine. */
export const testMsMax = isLong ? 600_000 : 120_000;

export interface Crowd {
  readonly owner: TestOwner;
  /** One per attempt, because a thread runs one execution at a time. */
  readonly threadIds: readonly string[];
}

/** An owner whose money is enough for `affords` executions, and a thread for each attempt. */
export async function newCrowd(size: number, affords: number): Promise<Crowd> {
  const owner = await newOwner({ creditUsd: 1 });
  await cutCredit(owner, affords * eachMicrousd);
  const environmentId = await newEnvironment(owner.key, { computeProfile: profile });
  return { owner, threadIds: await newThreads(owner, environmentId, size) };
}

/** Reduces the credit, because an operator credits at least a cent, which pays for eighty. */
async function cutCredit({ id }: TestOwner, amountMicrousd: number): Promise<void> {
  const place = firestore().doc(`owners/${id}`);
  const [credit] = (await place.collection("ledger").get()).docs;
  await credit?.ref.update({ amountMicrousd });
  await place.collection("account").doc("budget").update({ balanceMicrousd: amountMicrousd });
}

const batchMax = 400;

/** Makes the first through the front door and copies it, because thousands would take a minute. */
async function newThreads(owner: TestOwner, environmentId: string, count: number) {
  const threads = firestore().collection(`owners/${owner.id}/threads`);
  const first = await newThread(owner.key, { environmentId });
  const fields = (await threads.doc(first).get()).data();
  const ids = Array.from({ length: count }, () => idOf("thread", nanoid()));
  for (let from = 0; from < count; from += batchMax) {
    const batch = firestore().batch();
    for (const id of ids.slice(from, from + batchMax))
      batch.set(threads.doc(id), { ...fields, id });
    await batch.commit();
  }
  return ids;
}

export interface StartAttempt {
  readonly owner: TestOwner;
  readonly threadId: string;
  readonly idempotencyKey?: string;
  readonly content?: string;
  /** A client that has waited this long disconnects. */
  readonly patienceMs?: number;
}

export interface StartOutcome {
  /** Null if no answer came. */
  readonly status: number | null;
  readonly executionId: string | null;
  readonly answer: Answer | null;
}

/** Sends one message; an admitted client disconnects at the first event. */
export async function attempt(baseUrl: string, what: StartAttempt): Promise<StartOutcome> {
  const { owner, threadId, idempotencyKey, content = play({ workMs }), patienceMs } = what;
  const enough = new AbortController();
  const patience = patienceMs === undefined ? [] : [AbortSignal.timeout(patienceMs)];
  let executionId: string | null = null;
  const answer = await send(`/v1/threads/${threadId}/messages`, {
    baseUrl,
    key: owner.key,
    body: { content },
    headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
    signal: AbortSignal.any([enough.signal, ...patience]),
    onText: (text) => {
      const [started] = text.includes("\n\n") ? eventsOf(text) : [];
      if (started?.type !== "response.started") return;
      executionId = started.run.id;
      enough.abort();
    },
  }).catch(() => null);
  const status = executionId === null ? (answer?.status ?? null) : 200;
  return { status, executionId, answer };
}

export function withStatus(
  outcomes: readonly StartOutcome[],
  status: number,
): readonly StartOutcome[] {
  return outcomes.filter((outcome) => outcome.status === status);
}

/** Counts outcomes by status and, for refusals, code. */
export function tally(outcomes: readonly StartOutcome[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, answer } of outcomes) {
    const said = status === 200 ? "200" : `${status} ${answer?.json?.code ?? "no code"}`;
    counts[said] = (counts[said] ?? 0) + 1;
  }
  return counts;
}

/** Picks the next of several processes, like a load balancer. */
export function turns(processes: readonly { readonly baseUrl: string }[]): () => string {
  let turn = 0;
  return () => {
    turn += 1;
    return processes[turn % processes.length]?.baseUrl ?? "";
  };
}

const triesMax = 200;

/**
 * Repeats after a 503, which says that nothing was done. It sends no Idempotency-Key, so a wrong
 * 503 would be charged twice.
 */
export async function insist(nextBaseUrl: () => string, what: StartAttempt): Promise<StartOutcome> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const outcome = await attempt(nextBaseUrl(), what);
    if (outcome.status !== 503) return outcome;
    await wait(500);
  }
  throw new Error(`${what.threadId} was never told`);
}

/**
 * Acts like a client that needs to know: repeats the request elsewhere until it is answered. Where
 * most processes are dead, a crowd of one account is too many at once for the one that is left.
 */
export async function persist(
  nextBaseUrl: () => string,
  what: StartAttempt & { readonly idempotencyKey: string },
): Promise<StartOutcome> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const outcome = await attempt(nextBaseUrl(), what);
    const isBusy = outcome.answer?.json?.code === "ACCOUNT_BUSY";
    if (outcome.status !== null && outcome.status < 500 && !isBusy) return outcome;
    await wait(50 + 10 * Math.min(tries, 20));
  }
  throw new Error(`${what.idempotencyKey} was never answered`);
}

/** Watches every version of an account; none may have promised more than there is. */
export function watchAccount({ id }: TestOwner): { least(): number; stop(): void } {
  let least = Number.POSITIVE_INFINITY;
  const stop = firestore()
    .doc(`owners/${id}/account/budget`)
    .onSnapshot((found) => {
      if (found.exists) least = Math.min(least, spendableMicrousd(Account.parse(found.data())));
    });
  return { least: () => least, stop };
}

/** Waits for all ends; then there are `count` executions, each charged exactly once. */
export async function expectCharged(
  { owner }: Crowd,
  { count, accepted }: { readonly count: number; readonly accepted: readonly StartOutcome[] },
): Promise<void> {
  await until(
    "the end of every execution",
    async () => Object.keys((await accountOf(owner)).holds).length === 0,
    60_000,
  );
  const place = firestore().doc(`owners/${owner.id}`);
  const [runs, lines] = await Promise.all([
    place.collection("executions").get(),
    place.collection("ledger").get(),
  ]);
  const executions = runs.docs.map((doc) => Execution.parse(doc.data()));
  const charges = lines.docs
    .map((doc) => LedgerEntry.parse(doc.data()))
    .filter(({ type }) => type === "charge");
  const ids = executions.map(({ id }) => id).sort();
  expect(ids).toHaveLength(count);
  expect([...new Set(accepted.map(({ executionId }) => executionId))].sort()).toEqual(ids);
  expect(charges.map(({ executionId }) => executionId).sort(), "one charge each").toEqual(ids);
  for (const { chargedMicrousd } of executions) expect(chargedMicrousd).toBe(eachMicrousd);
  await expectBalanced(owner);
  expect((await accountOf(owner)).spentMicrousd).toBe(count * eachMicrousd);
}
