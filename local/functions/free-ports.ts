import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { lockName } from "../cloud/name-lock.ts";

/** Below the kernel's range of outgoing ports, so that none of those can take one of ours. */
const lowestPort = 20_000;
const highestPort = 30_000;
const attemptsMax = 200;

/**
 * Distinct ports on loopback that nobody listens on now. They are ours as long as this process
 * lives: a cloud that starts beside it finds others, although nobody listens on these yet.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count; attempt += 1) {
    if (attempt > attemptsMax) throw new Error("No free ports between 20,000 and 30,000.");
    const port = randomInt(lowestPort, highestPort);
    const lock = await lockName(`port-${port}`);
    if (lock && (await isFree(port))) found.add(port);
    else lock?.release();
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
