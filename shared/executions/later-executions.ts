import type { Owner } from "../identity/owner.ts";
import type { Execution } from "../store/executions.ts";
import { Message, messages } from "../store/threads.ts";
import { markReader } from "./mark-reader.ts";
import type { SweepDeps } from "./sweep.ts";

const MessageOfRun = Message.pick({ role: true, executionId: true, createdAt: true });
/** An execution has one user message and one assistant message; the next has its own. */
const messagesRead = 4;

/**
 * Yields the executions that a thread started after `from`, in order and on demand, up to
 * `newestId`. A thread runs one at a time, so all but the newest have ended.
 */
export async function* laterExecutions(
  deps: SweepDeps,
  owner: Owner,
  { from, newestId }: { readonly from: Execution; readonly newestId: string },
): AsyncGenerator<Execution> {
  const passed = new Set([from.id]);
  let last = from;
  while (last.id !== newestId) {
    const found = await deps.store.findParts(messages.all(owner, last.threadId), MessageOfRun, {
      between: { field: "createdAt", from: last.createdAt, to: undefined },
      orderBy: [["createdAt", "asc"]],
      limit: messagesRead,
    });
    const next = found.find(({ role, executionId }) => role === "user" && !passed.has(executionId));
    // The newest is always included, even if clocks differed.
    last = await markReader(deps, owner, next?.executionId ?? newestId);
    passed.add(last.id);
    yield last;
  }
}
