/** Makes the notifications that an owner gets of something. Pure. */
import { derivedId } from "../core/ids.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import type { Delivery, Purpose } from "../store/notifications.ts";
import type { Target } from "./targets.ts";

interface Told {
  readonly purpose: Purpose;
  /** What makes another notification of it, such as the number of the notice. */
  readonly about: readonly [string, ...string[]];
  readonly ownerId: string;
  readonly incidentId: string | null;
  readonly anomalyId: string | null;
  /** Our own words; they go into a header. */
  readonly subject: string;
  readonly text: string;
  readonly now: number;
}

/** One notification for each target. */
export function newDeliveries(told: Told, targets: readonly Target[]): readonly Delivery[] {
  const made = targets.map((one): Delivery => {
    const { channel, target, pepperId, generation, since, isEarlier } = one;
    // Their ids derive from the target, and a commit can't make one document twice.
    const place = isEarlier ? `${channel} ${target}` : channel;
    const to = { channel, target, pepperId, generation, targetSince: since, isEarlier };
    return { ...blank(told, place), ...to };
  });
  return [...new Map(made.map((delivery) => [delivery.id, delivery])).values()];
}

/** The record that somebody must be told and can't be reached. */
export function unreachable(told: Told): Delivery {
  return { ...blank(told, "none"), state: "unreachable", dueAt: null };
}

function blank({ about, now, ...told }: Told, place: string): Delivery {
  return {
    v: 1,
    id: derivedId("delivery", ...about, told.ownerId, place),
    ...told,
    channel: null,
    target: null,
    targetSince: null,
    isEarlier: false,
    pepperId: null,
    generation: 0,
    state: "waiting",
    attempts: [],
    createdAt: now,
    confirmedAt: null,
    dueAt: now,
    expireAt: expiryOf("notices", now),
  };
}
