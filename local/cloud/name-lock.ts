import { once } from "node:events";
import { createServer } from "node:net";

/** A name nobody else on this machine holds. */
export interface NameLock {
  release(): void;
}

/**
 * Takes `name`, or answers null if another process has it. The lock is a socket in the kernel's
 * abstract namespace: it goes with the process that holds it, however that dies, and leaves no
 * file to go stale.
 */
export async function lockName(name: string): Promise<NameLock | null> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    await once(server.listen(`\0paddock-${name}`), "listening");
  } catch {
    return null;
  }
  return { release: () => void server.close() };
}
