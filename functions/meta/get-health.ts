import { statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import * as z from "zod";
import { iso, ok } from "#shared/contract/common";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";

const Used = z.object({ used: z.string(), total: z.string(), percentage: z.string() });

/** Fields that clients of the public API look for; parts that don't exist here are empty. */
const Health = z.object({
  status: z.literal("healthy"),
  project: z.literal("paddock"),
  timestamp: z.string(),
  uptime: z.int(),
  checks: z.object({
    /** Neither exists or is needed: workspaces are objects, and no model provider is called. */
    gcsfuseMount: z.literal(false),
    anthropicApiKey: z.literal(false),
    memory: Used,
    disk: z.object({ used: z.string(), available: z.string(), percentage: z.string() }),
  }),
  metrics: z.object({}),
  threadCache: z.object({}),
  websocket: z.object({}),
});

export const getHealth = query({
  ...publicRead,
  endpoint: "GET /v1/health",
  summary: "Whether the service answers.",
  reply: { 200: Health },
  read: async () => {
    const { bsize, blocks, bavail } = await statfs("/");
    const usedBytes = process.memoryUsage.rss();
    return {
      uptimeSeconds: Math.floor(process.uptime()),
      memory: share(usedBytes, Math.min(process.constrainedMemory() || totalmem(), totalmem())),
      disk: { ...share((blocks - bavail) * bsize, blocks * bsize), availableBytes: bavail * bsize },
    };
  },
  answer({ data, now }) {
    const { memory, disk } = data;
    return ok({
      status: "healthy",
      project: "paddock",
      timestamp: iso(now),
      uptime: data.uptimeSeconds,
      checks: {
        gcsfuseMount: false,
        anthropicApiKey: false,
        memory: {
          used: mebibytes(memory.usedBytes),
          total: mebibytes(memory.totalBytes),
          percentage: memory.percentage,
        },
        disk: {
          used: mebibytes(disk.usedBytes),
          available: mebibytes(disk.availableBytes),
          percentage: disk.percentage,
        },
      },
      metrics: {},
      threadCache: {},
      websocket: {},
    });
  },
});

/** The usage of this instance only. */
function share(usedBytes: number, totalBytes: number) {
  const percentage = `${totalBytes === 0 ? 0 : Math.round((100 * usedBytes) / totalBytes)}%`;
  return { usedBytes, totalBytes, percentage };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}
