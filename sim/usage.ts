/** What was used of everything that has a price, derived from what happened. */
import { profileResources } from "#shared/core/executions/profiles";
import type { Profile } from "#shared/protocol/job";
import { service as gateway } from "../functions/runner-gateway/index.ts";
import { service as threads } from "../functions/threads/index.ts";
import { durations, habits } from "./assumptions.ts";
import { readOperations } from "./operations-page.ts";
import type { PriceName } from "./prices.ts";
import type { Happened } from "./usage-totals.ts";

export type Usage = Partial<Record<PriceName, number>>;

const gib = 1_024 ** 3;
/** What an execution leaves: its documents with their indexes, a pack and a manifest. */
const leaves = { documentBytes: 20_000, workspaceBytes: 200_000 };
/** What its client is sent besides its events, and what its runner exchanges with the gateway. */
const exchanged = { clientBytes: 20_000, eventBytes: 500, runnerBytes: 600_000 };
/** Log entries: one per request, the runner's and the platform's per job, one per unwrapping. */
const entriesOf = { request: 1, execution: 12, unwrapping: 1 };
/**
 * Records of data access that no exception leaves out: a runner's secrets are opened, two signed
 * addresses are asked for, and administrators' reads of a month without users.
 */
const dataAccess = { perExecution: 2, idleMonth: 20_000, entryBytes: 1_500 };
/** Flow logs: half of the connections of each ten minutes, of a container's handful. */
const flowLogs = { entriesPerExecution: 4, entryBytes: 600 };
/** The state after a year. Logs are kept for three months on average, backups for 56 days. */
const kept = { months: 12, logMonthsBeyondFirst: 2, backups: 56 };
const functionCpu = 1;

export function usageOf(happened: Happened): Usage {
  const { ends } = happened;
  const requests = requestsOf(happened);
  const streams = { busyMs: happened.streamMs, ...threads.limits };
  const gatewayMs = requests.internal * durations.gatewayRequestMs.value;
  const runners = { busyMs: gatewayMs, ...gateway.limits };
  const threadSeconds = instanceSeconds(happened.seconds, streams);
  const gatewaySeconds = instanceSeconds(happened.seconds, runners);
  const memoryMib =
    threadSeconds * threads.limits.memoryMib + gatewaySeconds * gateway.limits.memoryMib;
  const clientBytes = ends * exchanged.clientBytes + happened.eventBatches * exchanged.eventBytes;
  const { secretsOpened } = happened;
  const stored = (ends * leaves.documentBytes * kept.months) / gib;
  const logged = { requests: requests.internal + requests.edge, ends, secretsOpened };
  const recorded = ends * dataAccess.perExecution * dataAccess.entryBytes;
  const logs = (logBytesOf(logged) + recorded) / gib;
  return {
    ...containers(happened.billedMs),
    functionCpu: (threadSeconds + gatewaySeconds) * functionCpu,
    functionMemory: memoryMib / 1_024,
    functionRequests: requests.internal + requests.edge,
    ...operationsOf(happened),
    stored,
    backups: stored * kept.backups,
    kmsCalls: secretsOpened,
    logs,
    networkLogs: (ends * flowLogs.entriesPerExecution * flowLogs.entryBytes) / gib,
    logsKept: logs * kept.logMonthsBeyondFirst,
    balanced: (clientBytes + ends * exchanged.runnerBytes) / gib,
    egress: clientBytes / gib,
    armorRequests: requests.edge,
    objects: (ends * leaves.workspaceBytes * kept.months) / gib,
    objectWrites: ends * 2,
    objectReads: ends * 2,
  };
}

/** Routes that are due each minute and each five; most are of functions with a GiB. */
const due = { everyMinute: 17, everyFiveMinutes: 1, secondsEach: 0.05, memoryGib: 1, readsEach: 1 };
const calls = 43_800 * (due.everyMinute + due.everyFiveMinutes / 5);
/** Keys that wrap, of which old versions still open what they closed; and keys that sign. */
const keys = { wrapping: 3, signing: 3, rotationDays: 90 };
/** A version is paid for in each of the regions that its secret is stored in. */
const secrets = { versions: 4, regions: 2 };

/** A deployment's monthly usage without users, after a year: what the scheduler calls. */
export const idleMonth: Usage = {
  functionCpu: calls * due.secondsEach,
  functionMemory: calls * due.secondsEach * due.memoryGib,
  functionRequests: calls,
  reads: calls * due.readsEach,
  kmsVersions: keys.signing + keys.wrapping * (1 + Math.floor(365 / keys.rotationDays)),
  logs:
    (dataAccess.idleMonth * dataAccess.entryBytes +
      logBytesOf({ requests: calls, ends: 0, secretsOpened: 0 })) /
    gib,
  // The runners' zone and the policy of refused names, and the zone of functions that open secrets;
  // the domain's own zone may be elsewhere.
  dnsZones: 3,
  alertConditions: 23,
  forwardingRules: 730,
  internalBalancer: 730,
  armorPolicies: 1,
  armorRules: 13,
  secretVersions: secrets.versions * secrets.regions,
  schedulerJobs: due.everyMinute + due.everyFiveMinutes,
  images: 5,
};

/** A trial's front, and the one before what runners call: an instance takes a thousand at once. */
const frontLimits = { concurrency: 1_000, instancesMax: 1, memoryGib: 0.5 };
/** Three places ask for its health each minute, and a front and a function answer. */
const healthChecks = { requests: 43_800 * 3 * 2, secondsEach: 0.1 };

/** A trial's monthly usage without users: no balancer, no Cloud Armor, no zone for gateways. */
export const idleTrialMonth: Usage = {
  ...idleMonth,
  functionCpu: (idleMonth.functionCpu ?? 0) + healthChecks.requests * healthChecks.secondsEach,
  functionMemory:
    (idleMonth.functionMemory ?? 0) +
    healthChecks.requests * healthChecks.secondsEach * frontLimits.memoryGib,
  functionRequests: (idleMonth.functionRequests ?? 0) + healthChecks.requests,
  // It isn't kept for long enough to rotate a key.
  kmsVersions: keys.signing + keys.wrapping,
  // The policy of names that runners may not resolve, and the zone of functions that open secrets.
  dnsZones: 2,
  forwardingRules: 0,
  internalBalancer: 0,
  armorPolicies: 0,
  armorRules: 0,
};

/** Every request passes a front too, which works as long as the function does. */
export function trialUsageOf(happened: Happened): Usage {
  const usage = usageOf(happened);
  const { internal } = requestsOf(happened);
  const busy = [happened.streamMs, internal * durations.gatewayRequestMs.value];
  const seconds = busy
    .map((busyMs) => instanceSeconds(happened.seconds, { busyMs, ...frontLimits }))
    .reduce((sum, one) => sum + one, 0);
  return {
    ...usage,
    functionCpu: (usage.functionCpu ?? 0) + seconds * functionCpu,
    functionMemory: (usage.functionMemory ?? 0) + seconds * frontLimits.memoryGib,
    functionRequests: (usage.functionRequests ?? 0) * 2,
    balanced: 0,
    armorRequests: 0,
  };
}

export function timesUsage(usage: Usage, factor: number): Usage {
  const entries = Object.entries(usage).map(([name, quantity]) => [name, quantity * factor]);
  return Object.fromEntries(entries) as Usage;
}

/** The bytes that the log takes in for them. */
export function logBytesOf(counts: {
  readonly requests: number;
  readonly ends: number;
  readonly secretsOpened: number;
}): number {
  const { request, execution, unwrapping } = entriesOf;
  const entries =
    counts.requests * request + counts.ends * execution + counts.secretsOpened * unwrapping;
  return entries * habits.logEntryBytes.value;
}

/**
 * An instance is paid for while at least one request is in progress. If requests arrive at random,
 * that is 1 - e^-a of the time with a requests on average, and a/share if there are many.
 */
function instanceSeconds(
  seconds: number,
  load: {
    readonly busyMs: number;
    readonly concurrency: number;
    readonly instancesMax: number;
  },
): number {
  const underWay = load.busyMs / 1_000 / seconds;
  const share = load.concurrency * habits.instanceUtilisation.value;
  const instances = Math.max(1 - Math.exp(-underWay), underWay / share);
  return seconds * Math.min(load.instancesMax, instances);
}

function operationsOf(happened: Happened): { readonly reads: number; readonly writes: number } {
  const { start, claim, settle, heartbeat, renewal } = readOperations();
  const { requests, granted, claims, ends, heartbeats, renewals, eventBatches } = happened;
  const plain = Math.max(0, heartbeats - renewals);
  const again = Math.max(0, happened.dispatchAttempts - granted);
  // A reader gets every batch, checks in between, and once more at the end.
  const reader = eventBatches + heartbeats + granted;
  const runner = claims * claim.reads + plain * heartbeat.reads + renewals * renewal.reads;
  const changed = claims * claim.writes + plain * heartbeat.writes + renewals * renewal.writes;
  return {
    reads: requests * start.reads + runner + ends * settle.reads + reader + happened.sweepReads,
    writes: granted * start.writes + changed + ends * settle.writes + eventBatches + 2 * again,
  };
}

function requestsOf({ requests, claims, ends, heartbeats, eventBatches }: Happened) {
  // In addition, a runner fetches its workspace and saves it: two objects each.
  return { edge: requests, internal: claims + ends + heartbeats + eventBatches + 4 * claims };
}

function containers(billedMs: Happened["billedMs"]): Usage {
  let jobCpu = 0;
  let jobMemory = 0;
  for (const [profile, { cpuMillis, memoryBytes }] of Object.entries(profileResources)) {
    const seconds = billedMs[profile as Profile] / 1_000;
    jobCpu += (seconds * cpuMillis) / 1_000;
    jobMemory += (seconds * memoryBytes) / gib;
  }
  return { jobCpu, jobMemory };
}
