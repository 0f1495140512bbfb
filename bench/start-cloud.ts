import { cpSync } from "node:fs";
import { join } from "node:path";
import { makeFirstOperator } from "../local/cloud/make-first-operator.ts";
import { firstOperator } from "../local/cloud/names.ts";
import { startLocalCloud } from "../local/cloud.ts";
import { buildAll } from "../scripts/build/build-all.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { temporaryFolder } from "../scripts/tools/temporary-folder.ts";
import type { Target } from "./figure.ts";

/** High enough not to matter; limits are tested elsewhere. */
const wide = { max: 1_000_000 };
const limits = {
  executions: { max: 10_000 },
  ownerExecutions: null,
  concurrentMax: 500,
  keyConcurrentMax: 500,
  keyHeldPercentMax: 100,
  requests: { perKey: wide, perOwner: wide, reads: wide, writes: wide, secrets: wide },
  // One process takes the load of all instances that the platform would start.
  fairness: { ownerWaitingMax: 10_000 },
  quotas: { agentsMax: 1_000_000, environmentsMax: 1_000_000 },
};
const edgeLimits = { requestsMax: 1_000_000 };

export interface BenchCloud extends Target {
  readonly distFolder: string;
  stop(): Promise<void>;
}

/** The bench's own cloud, on a copy of the bundles that no other build replaces meanwhile. */
export async function startBenchCloud(): Promise<BenchCloud> {
  await buildAll(repositoryRoot);
  const folder = temporaryFolder("paddock-bench-");
  const distFolder = join(folder, "dist");
  cpSync(join(repositoryRoot, "dist"), distFolder, { recursive: true });
  const options = { dataFolder: join(folder, "data"), distFolder, fresh: true, limits, edgeLimits };
  const cloud = await startLocalCloud(options);
  try {
    const { accounts, baseUrl, environment, operations, stop } = cloud;
    const operatorToken = await cloud.operatorToken(firstOperator);
    await makeFirstOperator(baseUrl, operatorToken);
    const readsOf = async (name: string) => operations.of(name).counters().reads;
    return { accounts, baseUrl, environment, operatorToken, readsOf, distFolder, stop };
  } catch (error) {
    await cloud.stop();
    throw error;
  }
}
