/**
 * Sends notifications that are due. Each is put off before it is sent, under its version, so two
 * instances don't send it at once. If the process dies after sending and before that is written,
 * it is sent again, with the same id; one that is confirmed is never sent again.
 */

import { peppers } from "#shared/config";
import { attemptsMax, nextAttemptAt } from "#shared/core/incidents/delivery-retry";
import { emailToken } from "#shared/core/incidents/email-confirmation";
import { webhookHeaders, webhookSecret } from "#shared/core/incidents/webhook-signature";
import { allInOrder } from "#shared/errors/all-in-order";
import { sendMail } from "#shared/notifications/send-mail";
import { sendWebhook } from "#shared/notifications/send-webhook";
import { isTokenOver } from "#shared/notifications/target-notifications";
import { inOwnersTurns, newServedAt } from "#shared/pipeline/owners-turns";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { patch } from "#shared/store/documents";
import { type Delivery, deliveries } from "#shared/store/notifications";
import type { FoundDocument } from "#shared/store/read-document";
import type { Store } from "#shared/store/store";

/** How many are looked at; the rest is due at the next call. */
const dueMax = 400;
const atOnce = 10;
const servedAt = newServedAt();
/** Longer than an attempt takes; afterwards the process that began it must have died. */
const claimMs = 120_000;

interface DeliverDeps {
  readonly store: Store;
  now(): number;
  random(bytes: number): Buffer;
}

/** @param msMax After this time nothing more is begun. */
export async function deliverDue(deps: DeliverDeps, msMax: number) {
  const request = { field: "dueAt", until: deps.now(), limit: dueMax };
  // Notices of incidents go first: they have 72 hours, and an account may have many anomalies.
  const notices = { ...request, where: [["anomalyId", null]] as const };
  const [first, all] = await allInOrder([
    deps.store.findDue(deliveries.all(), notices),
    deps.store.findDue(deliveries.all(), request),
  ]);
  const urgent = new Set(first.map(({ ref }) => ref.path));
  const others = all.filter(({ ref }) => !urgent.has(ref.path));
  // An attempt may take as long as its receiver likes, so owners take turns.
  const due = [...inOwnersTurns(first, servedAt), ...inOwnersTurns(others, servedAt)];
  const outcomes = await sweepEach(deps, due, {
    concurrency: atOnce,
    dueField: "dueAt",
    putOffMs: claimMs,
    msMax,
    // Its outcome is stored under the version of the claim, since an operator may send it again
    // elsewhere meanwhile, and it may be erased with its account, and mustn't come back in part.
    work: async (found, { version }) => {
      servedAt.set(found.value.ownerId, deps.now());
      return await deliver(deps, { ...found, version });
    },
    failure: {
      message: "a notification wasn't sent; it is tried again",
      facts: ({ id }) => ({ id }),
    },
    failed: "failed",
  });
  const count = (what: "confirmed" | "failed") =>
    outcomes.filter((outcome) => outcome === what).length;
  return { due: due.length, confirmed: count("confirmed"), failed: count("failed") };
}

/** One attempt, of the process that has put it off. */
async function deliver(
  { store, now, random }: DeliverDeps,
  { ref, value, version }: FoundDocument<typeof deliveries.schema>,
): Promise<"confirmed" | "failed"> {
  const isOver = value.purpose === "confirmation" && isTokenOver(value, now());
  const why = isOver ? "its token has expired" : await send(value, now());
  const at = now();
  const attempts = [...value.attempts, { at, outcome: why ?? "confirmed" }].slice(-attemptsMax);
  if (why === null) {
    const confirmed = { state: "confirmed" as const, confirmedAt: at, dueAt: null, attempts };
    await store.commit([patch(ref, confirmed, { version })]);
    return "confirmed";
  }
  const dueAt = isOver ? null : nextAttemptAt(attempts.length, at, random(1).readUInt8() / 255);
  const state = dueAt === null ? ("failed" as const) : ("waiting" as const);
  await store.commit([patch(ref, { state, dueAt, attempts }, { version })]);
  return "failed";
}

function typeOf({ purpose, incidentId }: Delivery): string {
  if (purpose === "change") return "notifications.changed";
  return incidentId === null ? "anomaly.found" : "incident.notice";
}

/** @returns null if it was taken; otherwise why not. */
async function send(delivery: Delivery, now: number): Promise<string | null> {
  const { id, channel, target, subject, text, ownerId, pepperId, generation } = delivery;
  if (channel === null || target === null) return "there is no address";
  const root = peppers().keys[pepperId ?? ""];
  if (delivery.purpose === "confirmation") {
    if (!root) return "the pepper of its token is retired; the address must be asked for again";
    const token = emailToken(root, { ownerId, address: target, generation });
    return await sendMail({ id, address: target, subject, text: `${text}\n${token}\n` });
  }
  if (channel === "email") return await sendMail({ id, address: target, subject, text });
  if (!root) return "the webhook's secret is retired; its owner must set the webhook again";
  const type = typeOf(delivery);
  const { incidentId, anomalyId } = delivery;
  const createdAt = new Date(delivery.createdAt).toISOString();
  const body = JSON.stringify({
    type,
    timestamp: createdAt,
    data: { id, ownerId, incidentId, anomalyId, subject, text },
  });
  const secret = webhookSecret(root, ownerId, generation);
  return await sendWebhook(target, {
    headers: webhookHeaders(secret, { id, sentAt: now, body }),
    body,
  });
}
