import { once } from "node:events";
import { createServer } from "node:net";

/** A name that no other process on this machine holds. */
export interface NameLock {
  release(): void;
}

/**
 * Takes `name`, or returns null if another process has it. The lock is a socket in the kernel's
 * abstract namespace, so it disappears with its process, however that dies, and leaves no stale
 * file.
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
