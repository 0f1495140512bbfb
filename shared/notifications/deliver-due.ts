/**
 * Sends notifications that are due. Each is put off before it is sent, under its version, so two
 * instances don't send it at once. If the process dies after sending and before that is written,
 * it is sent again, with the same id; one that is confirmed is never sent again.
 */
import pMap from "p-map";
import { peppers } from "../config.ts";
import { attemptsMax, nextAttemptAt } from "../core/incidents/delivery-retry.ts";
import { emailToken } from "../core/incidents/email-confirmation.ts";
import { webhookHeaders, webhookSecret } from "../core/incidents/webhook-signature.ts";
import { patch, type Write } from "../store/documents.ts";
import { type Delivery, deliveries } from "../store/notifications.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";
import { sendMail } from "./send-mail.ts";
import { sendWebhook } from "./send-webhook.ts";
import { isTokenOver } from "./target-notifications.ts";

const dueMax = 40;
const atOnce = 10;
/** Longer than an attempt takes; afterwards the process that began it must have died. */
const claimMs = 120_000;

interface DeliverDeps {
  readonly store: Store;
  now(): number;
  random(bytes: number): Buffer;
}

interface Turn {
  readonly isLate: () => boolean;
  readonly report: (message: string, cause: unknown, facts: object) => void;
}

export async function deliverDue(deps: DeliverDeps, { isLate, report }: Turn) {
  const counts = { due: 0, confirmed: 0, failed: 0 };
  const request = { field: "dueAt", until: deps.now(), limit: dueMax };
  // Notices of incidents go first: they have 72 hours, and an account may have many anomalies.
  const notices = { ...request, where: [["anomalyId", null]] as const };
  const [first, all] = await Promise.all([
    deps.store.findDue(deliveries.all(), notices),
    deps.store.findDue(deliveries.all(), request),
  ]);
  const urgent = new Set(first.map(({ ref }) => ref.path));
  const due = [...first, ...all.filter(({ ref }) => !urgent.has(ref.path))].slice(0, dueMax);
  const deliverOne = async (found: FoundDocument<typeof deliveries.schema>) => {
    if (isLate()) return;
    try {
      const outcome = await deliver(deps, found);
      if (outcome !== null) counts[outcome] += 1;
    } catch (cause) {
      counts.failed += 1;
      report("a notification wasn't sent; it is tried again", cause, { id: found.value.id });
    }
  };
  const unreadable: Write[] = [];
  const readable = due.flatMap(({ ref, ...one }) => {
    if (one.found) return [one.found];
    report("a notification can't be read", one.cause, { path: ref.path });
    unreadable.push(patch(ref, { dueAt: deps.now() + claimMs }, stillThere));
    return [];
  });
  // Behind all others: those that can't be read would be the first in each call.
  await Promise.all(unreadable.map((write) => deps.store.commit([write]).catch(() => null)));
  counts.due = readable.length;
  await pMap(readable, deliverOne, { concurrency: atOnce });
  return counts;
}

/** It may have been erased with its account meanwhile, and mustn't come back as a fragment. */
const stillThere = { mustExist: true } as const;

/** One attempt; null if another instance makes it. */
async function deliver(
  { store, now, random }: DeliverDeps,
  { ref, value, version }: FoundDocument<typeof deliveries.schema>,
): Promise<"confirmed" | "failed" | null> {
  try {
    await store.commitWithoutRetry([patch(ref, { dueAt: now() + claimMs }, { version })]);
  } catch (error) {
    if (isConflict(error)) return null;
    throw error;
  }
  const isOver = value.purpose === "confirmation" && isTokenOver(value, now());
  const why = isOver ? "its token has expired" : await send(value, now());
  const at = now();
  const attempts = [...value.attempts, { at, outcome: why ?? "confirmed" }].slice(-attemptsMax);
  if (why === null) {
    const confirmed = { state: "confirmed" as const, confirmedAt: at, dueAt: null, attempts };
    await store.commit([patch(ref, confirmed, stillThere)]);
    return "confirmed";
  }
  const dueAt = isOver ? null : nextAttemptAt(attempts.length, at, random(1).readUInt8() / 255);
  const state = dueAt === null ? ("failed" as const) : ("waiting" as const);
  await store.commit([patch(ref, { state, dueAt, attempts }, stillThere)]);
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
