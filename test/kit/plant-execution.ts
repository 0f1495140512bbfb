/** Creates executions in a given state, with nothing running; the sweep doesn't find them. */
import { randomBytes } from "node:crypto";
import { nanoid } from "nanoid";
import { formatTicket, hashTicket } from "#shared/core/executions/ticket";
import type { Execution } from "#shared/store/executions";
import { executionOf } from "./assert-settled.ts";
import type { TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

const hourMs = 3_600_000;

export interface Planted {
  readonly executionId: string;
  readonly ticket: string;
  readonly remove: () => Promise<unknown>;
}

/** @param template an ended execution of the owner, for all fields that aren't given. */
export async function plantExecution(
  owner: TestOwner,
  template: string,
  fields: Partial<Execution> & Pick<Execution, "status">,
): Promise<Planted> {
  const executionId = `run_${nanoid()}`;
  const stored = await executionOf(owner, template);
  const { environmentId } = stored;
  const secret = randomBytes(32).toString("hex");
  const ids = { ownerId: owner.id, environmentId, executionId, attempt: stored.attempt, secret };
  const ticket = formatTicket(ids);
  const later = Date.now() + hourMs;
  const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
  await place.create({
    ...stored,
    ...{ id: executionId, endedAt: null, claimedAt: null, claimantSha256: null },
    ...{ ticketSha256: hashTicket(ticket), ticketExpiresAt: later, sweepAt: later },
    ...(fields.status === "running" ? { claimedAt: Date.now(), leaseExpiresAt: later } : {}),
    ...fields,
  });
  return { executionId, ticket, remove: async () => await place.delete() };
}
