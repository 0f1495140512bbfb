import { LRUCache } from "lru-cache";
import type { Owner } from "#shared/identity/owner";
import type { Thread } from "#shared/store/threads";

/**
 * What a thread used last. If it is known, it is read together with the thread; the agent may have
 * been changed since, which must be checked after both are read.
 */
export type ThreadHint = Pick<Thread, "environmentId" | "agentId">;

const hints = new LRUCache<string, ThreadHint>({ max: 20_000 });

export function rememberThread(owner: Owner, thread: Thread): void {
  const { environmentId, agentId } = thread;
  hints.set(`${owner.id}/${thread.id}`, { environmentId, agentId });
}

export function threadHint(owner: Owner, threadId: string): ThreadHint | null {
  return hints.get(`${owner.id}/${threadId}`) ?? null;
}
