/** How far each quota was used on a simulated day, and when it was first reached. */
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { service as gateway } from "../functions/runner-gateway/index.ts";
import { service as threads } from "../functions/threads/index.ts";
import { durations, type Fact, quotas } from "./assumptions.ts";
import { type DaySettings, productDay } from "./day-settings.ts";
import { midnight } from "./demand.ts";
import { PerMinute, type Tally } from "./tally.ts";
import { logBytesOf } from "./usage.ts";

export interface QuotaUse {
  readonly what: string;
  readonly unit: string;
  readonly limit: number;
  readonly peak: number;
  /** When it was first reached, in minutes after midnight; null if it never was. */
  readonly firstAtMinute: number | null;
}

type Quota = Pick<QuotaUse, "what" | "unit" | "limit">;

const { addresses } = DeploymentLimits.parse({});
const addressMinutes = addresses.windowMs / 60_000;

const perAddress: Quota = {
  what: "requests of one address",
  unit: `in ${addressMinutes} minutes`,
  limit: addresses.max,
};
const outbox: Quota = {
  what: "starts by the outbox",
  unit: "a minute",
  limit: (productDay.outbox.sweepingMsMax * productDay.outbox.atOnce) / productDay.outbox.itemMs,
};
const streams: Quota = {
  what: "answers that stream",
  unit: "at once, all instances of threads",
  limit: threads.limits.instancesMax * threads.limits.concurrency,
};
const runners: Quota = {
  what: "requests of runners",
  unit: "at once, all instances of runner-gateway",
  limit: gateway.limits.instancesMax * gateway.limits.concurrency,
};

/** What happened in a part of the whole, and how many parts make up the whole. */
interface Sampled {
  readonly tally: Tally;
  readonly parts: number;
}

/** A longer mean would hide day and night. */
const smoothedMinutesMax = 360;

/**
 * A tenth of a region does in ten minutes what the region does in one. So that chance doesn't
 * create peaks, a part's numbers are means over as many minutes as the region has parts.
 * @param hottest The largest owner alone, or a part of it.
 */
export function quotaUses(
  { room }: DaySettings,
  { tally, parts }: Sampled,
  hottest: Sampled,
): readonly QuotaUse[] {
  const minutes = Math.min(smoothedMinutesMax, Math.ceil(parts));
  const useOfPart = (quota: Quota, series: PerMinute, factor: number) =>
    useOf(quota, series.smoothed(minutes), factor);
  const perSecond = 1 / 60;
  const commits = useOf(quotaOf(quotas.documentCommits), hottest.tally.hottestCommits, perSecond);
  const { calls, running } = tally.firstFull;
  const requestMinutes = durations.gatewayRequestMs.value / 60_000;
  return [
    {
      ...useOfPart({ ...quotas.runJobCalls, limit: room.callsMax }, tally.runJobCalls, parts),
      firstAtMinute: minuteOf(calls),
    },
    {
      ...useOfPart({ ...quotas.running, limit: room.runningMax }, tally.places.perMinute, parts),
      firstAtMinute: minuteOf(running),
    },
    useOfPart(outbox, tally.sweepDispatches, parts),
    commits,
    useOf(
      perAddress,
      hottest.tally.edgeRequests.smoothed(addressMinutes),
      addressMinutes * hottest.parts,
    ),
    useOfPart(quotaOf(quotas.indexWrites), tally.indexWrites, parts * perSecond),
    useOfPart(quotaOf(quotas.kmsTokens), tally.kmsCalls, parts * 100),
    useOfPart(quotaOf(quotas.logBytes), logBytes(tally), parts),
    useOfPart(streams, tally.streams.perMinute, parts),
    useOfPart(runners, tally.gatewayRequests, parts * requestMinutes),
  ];
}

function quotaOf({ what, unit, value }: Fact): Quota {
  return { what, unit, limit: value };
}

function useOf(quota: Quota, series: PerMinute, factor: number): QuotaUse {
  const { what, unit, limit } = quota;
  const firstAtMinute = series.firstAt(limit / factor);
  return { what, unit, limit, peak: series.peak() * factor, firstAtMinute };
}

function minuteOf(time: number | null): number | null {
  return time === null ? null : Math.floor((time - midnight) / 60_000);
}

function logBytes(tally: Tally): PerMinute {
  const bytes = new PerMinute();
  const minutes = Math.max(tally.gatewayRequests.values.length, tally.edgeRequests.values.length);
  for (let minute = 0; minute < minutes; minute += 1) {
    const logged = logBytesOf({
      requests: tally.gatewayRequests.of(minute) + tally.edgeRequests.of(minute),
      ends: tally.endings.of(minute),
      secretsOpened: tally.kmsCalls.of(minute),
    });
    bytes.values.push(logged);
  }
  return bytes;
}
