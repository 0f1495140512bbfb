/** What must hold after an execution has ended, whatever happened on the way. */
import { expect } from "vitest";
import { Account } from "#shared/core/money/account";
import { Execution } from "#shared/store/executions";
import { LedgerEntry } from "#shared/store/owners";
import { Message, Thread } from "#shared/store/threads";
import { eventsOf, send } from "./client.ts";
import { until } from "./cloud.ts";
import type { TestOwner } from "./owners.ts";
import { auditOf, firestore } from "./store.ts";

export async function executionOf(owner: TestOwner, id: string): Promise<Execution> {
  const found = await firestore().doc(`owners/${owner.id}/executions/${id}`).get();
  return Execution.parse(found.data());
}

export async function accountOf(owner: TestOwner): Promise<Account> {
  const found = await firestore().doc(`owners/${owner.id}/account/budget`).get();
  return Account.parse(found.data());
}

async function ledgerOf(owner: TestOwner): Promise<readonly LedgerEntry[]> {
  const { docs } = await firestore().collection(`owners/${owner.id}/ledger`).get();
  return docs.map((doc) => LedgerEntry.parse(doc.data()));
}

/** The account equals the sum of its ledger, and nothing is held any more. */
export async function expectBalanced(owner: TestOwner): Promise<void> {
  const [account, ledger] = await Promise.all([accountOf(owner), ledgerOf(owner)]);
  const sum = ledger.reduce((total, { amountMicrousd }) => total + amountMicrousd, 0);
  const charges = ledger.filter(({ type }) => type === "charge");
  const charged = charges.reduce((total, { amountMicrousd }) => total - amountMicrousd, 0);
  expect(account.balanceMicrousd, "the balance is the ledger's sum").toBe(sum);
  expect(account.spentMicrousd, "what was spent is what was charged").toBe(charged);
  expect(account.holds, "nothing is held").toEqual({});
  expect(account.runs, "no run holds anything").toEqual({});
}

export async function untilEnded(
  owner: TestOwner,
  executionId: string,
  withinMs = 60_000,
): Promise<Execution> {
  return await until(
    `the end of ${executionId}`,
    async () => {
      const found = await executionOf(owner, executionId);
      return found.endedAt === null ? null : found;
    },
    withinMs,
  );
}

/**
 * The execution ended exactly once in money, ledger, thread, conversation, events and audit. The
 * owner's other executions must have ended too, since nothing may be held any more.
 */
export async function expectSettled(
  owner: TestOwner,
  executionId: string,
  withinMs?: number,
): Promise<Execution> {
  const execution = await untilEnded(owner, executionId, withinMs);
  await expectBalanced(owner);
  const charges = (await ledgerOf(owner)).filter(
    (entry) => entry.executionId === executionId && entry.type === "charge",
  );
  expect(charges, "one charge").toHaveLength(1);
  expect(charges[0]?.amountMicrousd).toBe(0 - (execution.chargedMicrousd ?? Number.NaN));
  await expectConversation(owner, execution);
  const ends = (await auditOf(owner.id)).filter(
    ({ action, subject }) => action === "execution.ended" && subject === executionId,
  );
  expect(ends, "one end on the record").toHaveLength(1);
  await expectReplay(owner, execution);
  return execution;
}

async function expectConversation(owner: TestOwner, execution: Execution): Promise<void> {
  const place = firestore().doc(`owners/${owner.id}/threads/${execution.threadId}`);
  const [thread, messages] = await Promise.all([
    place.get(),
    place.collection("messages").where("executionId", "==", execution.id).get(),
  ]);
  const { status, executionId } = Thread.parse(thread.data());
  expect(status, "the thread is free").not.toBe("running");
  expect(executionId).toBeNull();
  const roles = messages.docs.map((doc) => Message.parse(doc.data()).role).sort();
  expect(roles, "one answer").toEqual(["assistant", "user"]);
}

/** Its events can be read from first to last, with one end, and each has its number. */
async function expectReplay(owner: TestOwner, { id, status }: Execution): Promise<void> {
  const events = await replay(owner, id);
  const ends = events.filter(({ type }) => type === "stream.completed");
  expect(ends.map(({ run }) => run.status)).toEqual([status]);
  const numbers = events.map((event) => event.id);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

/** A stream ends at 8 MB and is resumed; no execution has more than this many parts. */
const partsMax = 8;

/** All events of an execution that has ended. */
export async function replay(owner: TestOwner, id: string) {
  const events: ReturnType<typeof eventsOf> = [];
  for (let part = 0; part < partsMax; part += 1) {
    const last = events.at(-1);
    if (last?.type === "stream.completed") break;
    const headers = last ? { "last-event-id": last.eventId } : {};
    const answer = await send(`/v1/executions/${id}/events`, { key: owner.key, headers });
    expect(answer.status, "its events can be replayed").toBe(200);
    events.push(...eventsOf(answer.text));
  }
  return events;
}
