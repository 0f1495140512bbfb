import * as z from "zod";
import { Warnings } from "./unsupported.ts";

/** The size of a container follows from the environment's profile. */
export const EnvironmentStart = z.object({
  workspaceId: z.unknown().optional(),
  cpus: z.unknown().optional(),
  memory: z.unknown().optional(),
});

export const EnvironmentStarted = z.object({
  success: z.boolean(),
  containerName: z.string(),
  /** No container waits for an execution. */
  containerId: z.null(),
  imageTag: z.string().nullable(),
  workspacePath: z.literal("/workspace"),
  message: z.string(),
  warnings: Warnings,
});

export const EnvironmentStop = z.object({
  /** An execution; all of the environment's without it. */
  containerId: z.string().max(100).nullish(),
  all: z.boolean().nullish(),
});

export const EnvironmentStopped = z.object({
  success: z.literal(true),
  stopped: z.int(),
  /** The executions that were ended, or asked to end. */
  containers: z.array(z.string()),
});

export const EnvironmentStatus = z.object({
  status: z.enum(["stopped", "building", "running"]),
  /** Seconds since the oldest running execution began; null if none runs. */
  uptime: z.number().nullable(),
  /** That execution. */
  containerId: z.string().nullable(),
  startedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  executionCount: z.int(),
  message: z.string().nullable(),
});

const Bucket = z.object({
  bucketStart: z.string(),
  label: z.string(),
  total: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  successRate: z.number().nullable(),
  p95RuntimeMs: z.int().nullable(),
});

export const EnvironmentAnalytics = z.object({
  environmentId: z.string(),
  available: z.literal(true),
  summary: z.object({
    totalRuns24h: z.int(),
    successRate24h: z.number().nullable(),
    failedRuns24h: z.int(),
    cancelledRuns24h: z.int(),
    p50RuntimeMs: z.int().nullable(),
    p95RuntimeMs: z.int().nullable(),
    avgRuntimeMs: z.int().nullable(),
    totalRuntimeMinutes24h: z.number(),
    lastRunAt: z.string().nullable(),
  }),
  charts: z.object({ activity24h: z.array(Bucket), status24h: z.array(Bucket) }),
  recentRuns: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      status: z.string(),
      timestampMs: z.int(),
      timestamp: z.string(),
      durationMs: z.int().nullable(),
    }),
  ),
  /** Whether all executions of the day were looked at. */
  complete: z.boolean(),
});

export const ConfigBody = z.object({ config: z.string() });
export const ConfigSet = z.object({ config: z.string().max(50_000) });
