/** Every limit of a deployment, with its default: `PADDOCK_LIMITS_FILE` states what differs. */
import * as z from "zod";

const minuteMs = 60_000;
const countMax = 10_000_000;

/** At most `max` in any `windowMs`, wherever it begins. */
const windowOf = (max: number, windowMs: number) =>
  z.object({
    max: z.int().min(1).max(countMax).default(max),
    windowMs: z.int().min(1_000).max(86_400_000).default(windowMs),
  });
const window = (max: number, windowMs: number) => windowOf(max, windowMs).prefault({});

const ms = (usual: number) => z.int().min(100).max(86_400_000).default(usual);

/** How long each step of an execution may take before a sweep looks after it. */
const Timing = z
  .object({
    /** From the commit to the job's name: a dispatch usually takes well under a second. */
    dispatchDeadlineMs: ms(10_000),
    /** From the job's start to the claim: a cold container takes seconds, a bad day minutes. */
    claimDeadlineMs: ms(4 * minuteMs),
    /** How long an execution may wait to be claimed before it is given up, unpaid. */
    queuedMsMax: ms(60 * minuteMs),
    heartbeatIntervalMs: ms(30_000),
    leaseMs: ms(90_000),
  })
  .refine(({ leaseMs, heartbeatIntervalMs }) => leaseMs >= 2 * heartbeatIntervalMs, {
    message: "a lease outlasts a heartbeat that is lost",
  });

/** Money is held for the time to come, a slice at a time (ADR 12). */
const Slices = z.object({
  /** What each slice pays for; renewed when half of it is left. */
  lengthMs: ms(5 * minuteMs),
  /** Held from the start beside it: ending in order, with the workspace saved, is paid for. */
  endingMs: ms(minuteMs),
});

/** Requests with a key, counted by each instance for itself (ADR 10). */
const Requests = z.object({
  perKey: window(6_000, minuteMs),
  perOwner: window(12_000, minuteMs),
  /** Of one key, by the class its route states; executions are counted in the account. */
  reads: window(6_000, minuteMs),
  writes: window(3_000, minuteMs),
  secrets: window(300, minuteMs),
});

/**
 * What one owner may take of an instance, counted by each for itself (ADR 32). The platform gives
 * an instance at most as many requests as its function states, and starts more instances for more.
 */
const Fairness = z.object({
  /**
   * Requests that are worked on at once while several owners ask. Each owner has a share of them,
   * at least one and one that ends something. Few, since an instance has one thread: of two that
   * are worked on at once, each takes as long as both.
   */
  sharedMax: z.int().min(1).max(1_000).default(2),
  /** The same while one owner alone asks. */
  aloneMax: z.int().min(1).max(1_000).default(64),
  /** Requests of one owner that wait for a place, and how long they do. */
  ownerWaitingMax: z.int().min(1).max(10_000).default(40),
  waitMsMax: ms(5_000),
  /** Streams and downloads that are open at once. */
  openPerKeyMax: z.int().min(1).max(10_000).default(50),
  openPerOwnerMax: z.int().min(1).max(10_000).default(100),
  /** A reader that takes nothing of its answer for so long is cut off. */
  stalledMsMax: ms(30_000),
});

/** What an account may keep; what it made before stays (ADR 33). */
const Quotas = z.object({
  agentsMax: z.int().min(1).max(countMax).default(1_000),
  environmentsMax: z.int().min(1).max(countMax).default(200),
  threadsMax: z.int().min(1).max(countMax).default(100_000),
  /** Of all that is stored of its workspaces: packs of files and manifests. */
  storedBytesMax: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(100 * 2 ** 30),
  storedObjectsMax: z.int().min(1).max(countMax).default(200_000),
  /** Of files, in a UTC day: what leaves costs us, and its owner nothing. */
  downloadedBytesPerDayMax: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(20 * 2 ** 30),
  /**
   * How long what nothing names is kept before it is condemned, and again before it is deleted: far
   * longer than from the storing of a pack to the commit of what names it.
   */
  unreferencedMs: ms(6 * 60 * minuteMs),
});

const streamBytesMax = 8 * 1024 * 1024;
const streamMsMax = 15 * minuteMs;

/** A deployment's limits; an owner's own, where set, come before them. */
export const DeploymentLimits = z
  .object({
    /** Requests per client address, at the edge. */
    addresses: window(1_000, 15 * minuteMs),
    requests: Requests.prefault({}),
    fairness: Fairness.prefault({}),
    quotas: Quotas.prefault({}),
    /** Executions started with one key, across all instances. */
    executions: window(30, 15 * minuteMs),
    /** Of all keys of an owner together, across all instances; null is no such limit. */
    ownerExecutions: windowOf(300, 15 * minuteMs)
      .nullable()
      .prefault({}),
    /** Executions of an owner that haven't ended, and one key's part of them (BUD-9). */
    concurrentMax: z.int().min(1).max(500).default(40),
    keyConcurrentMax: z.int().min(1).max(500).default(30),
    /** Of the balance, what one key may have held at once; its first hold is exempt. */
    keyHeldPercentMax: z.int().min(1).max(100).default(50),
    slices: Slices.prefault({}),
    wallClockMs: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(10 * minuteMs),
    /** Where a stream ends, to be resumed; the platform's own limits stand a little behind. */
    streams: z
      .object({
        bytesMax: z.int().min(1).max(streamBytesMax).default(streamBytesMax),
        msMax: z.int().min(1).max(streamMsMax).default(streamMsMax),
      })
      .prefault({}),
    timing: Timing.prefault({}),
    /** What operators may credit or adjust alone, per owner and UTC day; more takes two of them. */
    credits: z
      .object({
        aloneMicrousdMax: z
          .int()
          .min(0)
          .max(countMax * 1_000_000)
          .default(1_000_000_000),
        /** How long the second one has to confirm. */
        requestMs: ms(24 * 60 * minuteMs),
      })
      .prefault({}),
  })
  .refine(({ slices, timing }) => slices.lengthMs >= 2 * timing.heartbeatIntervalMs, {
    message: "a slice is renewed by a beat that comes while half of it is left",
  });
export type DeploymentLimits = z.infer<typeof DeploymentLimits>;
