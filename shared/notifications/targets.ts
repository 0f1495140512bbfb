/** Where an owner is reached, and was reached. Pure. */
import { dayMs } from "../core/retention/periods.ts";
import { ApiError } from "../errors/api-error.ts";
import type { channels, NotificationSettings } from "../store/notifications.ts";

export type Channel = (typeof channels)[number];

export interface Target {
  readonly channel: Channel;
  readonly target: string;
  readonly pepperId: string | null;
  readonly generation: number;
  /** Epoch milliseconds; null if an earlier release has set it. */
  readonly since: number | null;
  /** Whether another one has replaced it. */
  readonly isEarlier: boolean;
}

/** Longer than a theft stays unnoticed, as a rule; afterwards nothing is sent there any more. */
const earlierMs = 30 * dayMs;
/** More replacements in that time are refused, so that nobody can push the owner's own one out. */
const earlierMax = 6;
/** Requests for another target per UTC day. Each sends a mail or more. */
const askedPerDayMax = 10;

/** Where the owner is reached now. An address that isn't confirmed isn't among it. */
export function currentTargets(settings: NotificationSettings | null): readonly Target[] {
  if (!settings) return [];
  const { email, emailConfirmedAt, webhookUrl, webhookSince } = settings;
  const { webhookPepperId, webhookGeneration } = settings;
  const mail =
    email === null || emailConfirmedAt === null
      ? []
      : [
          {
            ...{ channel: "email" as const, target: email, pepperId: null, generation: 0 },
            ...{ since: emailConfirmedAt, isEarlier: false },
          },
        ];
  if (webhookUrl === null) return mail;
  const secret = { pepperId: webhookPepperId, generation: webhookGeneration };
  const hook = { channel: "webhook" as const, target: webhookUrl, ...secret };
  return [...mail, { ...hook, since: webhookSince, isEarlier: false }];
}

/**
 * Where a notice of an incident goes: to the current targets, and to replaced ones that were set
 * before the incident opened, since a thief may have replaced them, whom the incident is about.
 */
export function noticeTargets(
  settings: NotificationSettings | null,
  { openedAt, now }: { readonly openedAt: number; readonly now: number },
): readonly Target[] {
  const earlier = keptTargets(settings, now)
    .filter(({ since }) => since <= openedAt)
    .map(({ until: _until, ...target }) => ({ ...target, isEarlier: true }));
  return [...currentTargets(settings), ...earlier];
}

function keptTargets(settings: NotificationSettings | null, now: number) {
  return (settings?.earlierTargets ?? []).filter(({ until }) => now < until + earlierMs);
}

/**
 * The settings with other targets; the ones that they replace are kept for a while.
 * @throws {ApiError} `CONFLICT` if too many were replaced lately.
 */
export function withTargets(
  before: NotificationSettings,
  changes: Partial<NotificationSettings>,
  now: number,
): { readonly next: NotificationSettings; readonly replaced: readonly Target[] } {
  const next = { ...before, ...changes, updatedAt: now };
  const after = currentTargets(next);
  const isIn = (
    targets: readonly Pick<Target, "channel" | "target">[],
    one: Pick<Target, "channel" | "target">,
  ) => targets.some(({ channel, target }) => channel === one.channel && target === one.target);
  const replaced = currentTargets(before).filter((one) => !isIn(after, one));
  const kept = keptTargets(before, now).filter((one) => !isIn(after, one) && !isIn(replaced, one));
  const left = replaced.map(({ isEarlier: _isEarlier, since, ...target }) => {
    return { ...target, since: since ?? 0, until: now };
  });
  const earlierTargets = [...kept, ...left];
  if (left.length > 0 && earlierTargets.length > earlierMax) {
    const message = "The account's addresses were replaced too often in 30 days; ask an operator.";
    throw new ApiError("CONFLICT", { message });
  }
  return { next: { ...next, earlierTargets }, replaced };
}

/** Counts a request for another target. @throws {ApiError} `RATE_LIMITED` until the day ends. */
export function countAsked({ asked }: NotificationSettings, now: number) {
  const day = Math.floor(now / dayMs);
  const count = asked.day === day ? asked.count : 0;
  if (count >= askedPerDayMax) throw tooOften(now);
  return { day, count: count + 1, ever: asked.ever + 1 };
}

export function tooOften(now: number): ApiError {
  const secondsLeft = Math.ceil((dayMs - (now % dayMs)) / 1_000);
  return new ApiError("RATE_LIMITED", {
    message: "Other addresses were asked for too often today; go on tomorrow (UTC).",
    headers: { "retry-after": String(secondsLeft) },
  });
}
