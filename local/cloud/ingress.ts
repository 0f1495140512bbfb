import { deploymentLimitsOf } from "#shared/config";
import { routeTable } from "../edge/route-table.ts";
import { type Edge, startEdge } from "../edge/server.ts";
import type { Functions } from "../functions/functions.ts";
import { startScheduler } from "../scheduler/server.ts";
import { allSettled } from "./component-stack.ts";
import type { Layout } from "./layout.ts";
import { maintenanceJobs } from "./maintenance-jobs.ts";
import type { Services } from "./services.ts";

/** What calls the functions: the edge for clients, the scheduler for sweeps. It starts last. */
export async function startIngress(
  { options, parts, folder, manifest, urlOf }: Layout,
  { identity }: Services,
  functions: Functions,
): Promise<Edge> {
  const close = (part: { close(): Promise<void> }) => part.close();
  const jobs = maintenanceJobs(manifest, { ...options, urlOf });
  const scheduler = () => startScheduler({ dataFolder: folder.path, issue: identity.issue, jobs });
  const { addresses } = deploymentLimitsOf(options.limits ?? {});
  const limits = { requestsMax: addresses.max, windowMs: addresses.windowMs };
  const edge = () =>
    startEdge({
      routes: routeTable(manifest),
      portOf: functions.portOf,
      limits: { ...limits, ...options.edgeLimits },
      port: options.port,
      bind: options.bind,
    });
  const [started] = await allSettled([
    parts.start("edge", edge, close),
    parts.start("scheduler", scheduler, close),
  ]);
  return started;
}
