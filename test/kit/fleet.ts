/** Processes that all files of the project share in their one worker; they end with it. */
import { type FunctionAside, startAsides } from "./function-aside.ts";
import { isLong } from "./shard.ts";

interface Fleet {
  readonly threads: readonly [FunctionAside, ...FunctionAside[]];
  /** A second gateway, besides the cloud's own. */
  readonly gateway: FunctionAside;
}

/** Two processes meet each other as four do; each start takes a second of CPU. */
export const fleetSize = isLong ? 4 : 2;

let fleet: Promise<Fleet> | undefined;

/** Processes of `threads`, as the platform starts under load, and a second gateway. */
export async function theFleet(): Promise<Fleet> {
  fleet ??= startFleet();
  return await fleet;
}

async function startFleet(): Promise<Fleet> {
  const [[first, ...others], [gateway]] = await Promise.all([
    startAsides("threads", fleetSize),
    startAsides("runner-gateway", 1),
  ]);
  if (!first || !gateway) throw new Error("there are no processes");
  return { threads: [first, ...others], gateway };
}
