/** Every limit of a deployment with its default. `PADDOCK_LIMITS_FILE` overrides single limits. */
import * as z from "zod";
import { IncidentThresholds } from "../incidents/thresholds.ts";
import { dayMs } from "../retention/periods.ts";
import { unreferencedMs } from "../retention/retention-table.ts";
import { schedulerWaitSecondsMax } from "./longest-call.ts";

const minuteMs = 60_000;
const countMax = 10_000_000;

/** Allows at most `max` in any span of `windowMs`. */
const windowOf = (max: number, windowMs: number) =>
  z.object({
    max: z.int().min(1).max(countMax).default(max),
    windowMs: z.int().min(1_000).max(86_400_000).default(windowMs),
  });
const window = (max: number, windowMs: number) => windowOf(max, windowMs).prefault({});

const ms = (usual: number) => z.int().min(100).max(86_400_000).default(usual);

/** How long each step of an execution may take before a sweep checks on it. */
const Timing = z
  .object({
    /** The time from the commit until the job's name is stored; usually under a second. */
    dispatchDeadlineMs: ms(10_000),
    /**
     * The time from the job's start until its claim; a cold container takes seconds, its network
     * sometimes minutes. Below `claimingMsMax`, for which the runner goes on trying.
     */
    claimDeadlineMs: ms(9 * minuteMs),
    /** An execution that isn't claimed within this time is ended at no cost. */
    queuedMsMax: ms(60 * minuteMs),
    heartbeatIntervalMs: ms(30_000),
    leaseMs: ms(90_000),
  })
  .refine(({ leaseMs, heartbeatIntervalMs }) => leaseMs >= 2 * heartbeatIntervalMs, {
    message: "a lease must be at least two heartbeats long",
  });

/** An execution holds money for one slice of its time after another (ADR 12). */
const Slices = z.object({
  /** The time that each slice pays for; it is renewed when half of it is left. */
  lengthMs: ms(5 * minuteMs),
  /** The time that the hold also pays for, so that saving the workspace at the end is covered. */
  endingMs: ms(minuteMs),
});

/** Limits on requests, which each instance counts for itself (ADR 10). */
const Requests = z.object({
  perKey: window(6_000, minuteMs),
  perOwner: window(12_000, minuteMs),
  /** Per key and class of the route; executions are counted in the account instead. */
  reads: window(6_000, minuteMs),
  writes: window(3_000, minuteMs),
  secrets: window(300, minuteMs),
  /** Per network of the client, for routes that take no credential. */
  public: window(300, minuteMs),
});

/**
 * The share of an instance that one owner may use, which the instance counts itself (ADR 32). The
 * platform sends an instance at most as many requests as its function declares, and starts further
 * instances for the rest.
 */
const Fairness = z.object({
  /**
   * Requests in progress while several owners ask. Each owner gets a share: at least one, and one
   * more that ends something. The number is small because an instance has one thread, so two
   * requests in progress both take as long as their sum.
   */
  sharedMax: z.int().min(1).max(1_000).default(2),
  /** Requests in progress while only one owner asks. */
  aloneMax: z.int().min(1).max(1_000).default(64),
  /** How many requests of one owner may wait for a place, and for how long. */
  ownerWaitingMax: z.int().min(1).max(10_000).default(40),
  waitMsMax: ms(5_000),
  /** Streams and downloads that are open at the same time. */
  openPerKeyMax: z.int().min(1).max(10_000).default(50),
  openPerOwnerMax: z.int().min(1).max(10_000).default(100),
  /** A reader that takes nothing of its answer for this long is cut off. */
  stalledMsMax: ms(30_000),
});

/** How much an account may store. Lowering a quota deletes nothing (ADR 33). */
const Quotas = z.object({
  agentsMax: z.int().min(1).max(countMax).default(1_000),
  environmentsMax: z.int().min(1).max(countMax).default(200),
  threadsMax: z.int().min(1).max(countMax).default(100_000),
  /** Messages that copies of threads write in a UTC day, which nobody pays for. */
  copiedMessagesPerDayMax: z.int().min(1).max(countMax).default(15_000),
  schedulesMax: z.int().min(1).max(countMax).default(200),
  triggersMax: z.int().min(1).max(countMax).default(200),
  orchestrationsMax: z.int().min(1).max(countMax).default(200),
  skillsMax: z.int().min(1).max(countMax).default(200),
  /** The objects of its workspaces: packs and manifests. */
  storedBytesMax: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(100 * 2 ** 30),
  storedObjectsMax: z.int().min(1).max(countMax).default(200_000),
  /** Copies of files that signed addresses open, which don't count as stored. */
  signedCopyBytesMax: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(20 * 2 ** 30),
  /** Downloaded bytes per UTC day; we pay for outgoing traffic, and owners don't. */
  downloadedBytesPerDayMax: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(20 * 2 ** 30),
  /**
   * How long an unreferenced object is kept before it is condemned, and again before it is deleted.
   * That is far longer than the time between storing a pack and committing its reference.
   */
  unreferencedMs: ms(unreferencedMs),
});

const dollar = 1_000_000;
const cost = (usual: number) =>
  z
    .int()
    .min(1)
    .max(100_000 * dollar)
    .default(usual);

/** Calls of language models, by the execution that makes them. */
const ModelCalls = z.object({
  /** The most that one call can cost, by its ceiling; a larger one is refused. */
  callCostMicrousdMax: cost(25 * dollar),
  /** The most that an execution's calls may cost together. */
  executionCostMicrousdMax: cost(50 * dollar),
  /** How much is held at once for calls to come, unless one call needs more. */
  sliceMicrousd: cost(dollar / 10),
  /** Calls in flight of one execution, and those of one owner in one instance. */
  openCallsMax: z.int().min(1).max(1_000).default(64),
  openPerOwnerMax: z.int().min(1).max(10_000).default(200),
  /** How long one call may take, and how long its provider may be silent. */
  callMsMax: ms(10 * minuteMs),
  silentMsMax: ms(5 * minuteMs),
});

/** Runs of orchestrations. */
const Orchestrations = z.object({
  runsMax: z.int().min(1).max(100).default(10),
  /** What a run holds for the model calls of each step, unless its start says what it may cost. */
  stepModelMicrousd: cost(dollar),
  /** How long a step that can't start yet is tried again while nothing else of its run runs. */
  waitMsMax: ms(15 * minuteMs),
});

/** How long an instance waits for what may never come. */
const Waits = z.object({
  /** A request that runs git waits this long for its end; then it answers that git still runs. */
  gitMsMax: z.int().min(100).max(55_000).default(45_000),
  /** The sender of a form may send nothing for this long. */
  silentFormMsMax: ms(15_000),
});

const streamBytesMax = 8 * 1024 * 1024;
const streamMsMax = 15 * minuteMs;
const streamReadsMax = 2_000;

/** A deployment's limits. An owner's own limits take precedence. */
export const DeploymentLimits = z
  .object({
    /** Requests per client address, at the edge. */
    addresses: window(1_000, 15 * minuteMs),
    requests: Requests.prefault({}),
    fairness: Fairness.prefault({}),
    quotas: Quotas.prefault({}),
    models: ModelCalls.prefault({}),
    /** The starts of executions with one key, across all instances. */
    executions: window(30, 15 * minuteMs),
    /**
     * The starts with all keys of an owner, across all instances; null means no such limit.
     */
    ownerExecutions: windowOf(300, 15 * minuteMs)
      .nullable()
      .prefault({}),
    /**
     * The executions of an owner that haven't ended, and the most that one key may have (BUD-9).
     */
    concurrentMax: z.int().min(1).max(500).default(40),
    keyConcurrentMax: z.int().min(1).max(500).default(30),
    /** Percentage of the balance that one key may have held; its first hold is exempt. */
    keyHeldPercentMax: z.int().min(1).max(100).default(50),
    /** The runs of orchestrations that an owner has at once, and what each may take. */
    orchestrations: Orchestrations.prefault({}),
    waits: Waits.prefault({}),
    slices: Slices.prefault({}),
    wallClockMs: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(10 * minuteMs),
    /** When a stream ends and has to be resumed, shortly before the platform would cut it. */
    streams: z
      .object({
        bytesMax: z.int().min(1).max(streamBytesMax).default(streamBytesMax),
        msMax: z.int().min(1).max(streamMsMax).default(streamMsMax),
        /** How many documents a stream reads to catch up; what comes meanwhile costs one each. */
        readsMax: z.int().min(1).max(streamReadsMax).default(streamReadsMax),
      })
      .prefault({}),
    timing: Timing.prefault({}),
    incidents: IncidentThresholds.prefault({}),
    /** How often an instance writes the counts of a key's refused uses. */
    refusedUsesWrittenMs: ms(10_000),
    /**
     * How long the deletion of an account can be cancelled. At most 14 days: deleted objects can be
     * restored for 14 more, and everything must be gone within 30. At least twice as long as any
     * call, so that none which began before the deletion is left when the erasure begins.
     */
    accountDeletion: z
      .object({
        cancelMs: z
          .int()
          .min(2 * schedulerWaitSecondsMax * 1_000)
          .max(14 * dayMs)
          .default(7 * dayMs),
      })
      .prefault({}),
    /**
     * What an operator may credit or adjust alone, per owner and UTC day; more takes a second one.
     */
    credits: z
      .object({
        aloneMicrousdMax: z
          .int()
          .min(0)
          .max(countMax * 1_000_000)
          .default(1_000_000_000),
        /** How long the second operator has to confirm. */
        requestMs: ms(24 * 60 * minuteMs),
      })
      .prefault({}),
  })
  .refine(({ slices, timing }) => slices.lengthMs >= 2 * timing.heartbeatIntervalMs, {
    message: "a slice is renewed by a beat that comes while half of it is left",
  });
export type DeploymentLimits = z.infer<typeof DeploymentLimits>;
