/**
 * The cloud of the money proofs: everything is real but the containers, which claim and settle and
 * run nothing, so that two cores can carry thousands of executions.
 */
import type { TestProject } from "vitest/node";
import { instantContainers } from "./instant-containers.ts";
import { moneyLimits } from "./money.ts";
import { provideCloud } from "./provide-cloud.ts";

const plenty = 1_000_000;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  return await provideCloud(project, {
    functions: [
      "admin",
      "agents",
      "billing",
      "environments",
      "keys",
      "maintenance",
      "runner-gateway",
      "threads",
    ],
    containers: instantContainers,
    limits: moneyLimits,
    edgeLimits: { requestsMax: plenty },
    runLimits: { runCallsPerMinuteMax: plenty, runningExecutionsMax: plenty },
    sweepEveryMs: 1_000,
  });
}
