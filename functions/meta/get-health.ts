import * as z from "zod";
import { iso, noParams, noQuery, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";

/** What clients of the public API look for; parts that don't exist here are empty. */
const Health = z.object({
  status: z.literal("healthy"),
  project: z.literal("paddock"),
  timestamp: z.string(),
  uptime: z.int(),
  checks: z.object({}),
  metrics: z.object({}),
  threadCache: z.object({}),
  websocket: z.object({}),
});

export const getHealth = route({
  answers: "GET /v1/health",
  summary: "Whether the service answers.",
  authenticate: "public",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: Health },
  read: async () => ({ uptimeSeconds: Math.floor(process.uptime()) }),
  decide({ data, now }) {
    return {
      writes: [],
      reply: ok({
        status: "healthy",
        project: "paddock",
        timestamp: iso(now),
        uptime: data.uptimeSeconds,
        checks: {},
        metrics: {},
        threadCache: {},
        websocket: {},
      }),
    };
  },
});
