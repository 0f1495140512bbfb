import type { Owner } from "../identity/owner.ts";
import type { Execution } from "../store/executions.ts";
import { Message, messages } from "../store/threads.ts";
import { markReader } from "./mark-reader.ts";
import type { ReadAllowance } from "./read-allowance.ts";
import type { SweepDeps } from "./sweep.ts";

const MessageOfRun = Message.pick({ role: true, executionId: true, createdAt: true });
/** An execution has two messages, so four include the first of the next one. */
const messagesRead = 4;

/**
 * Yields the executions that a thread started after `from`, in order and on demand, up to
 * `newestId` or until `reads` are used up. A thread runs one at a time, so all but the newest have
 * ended.
 */
export async function* laterExecutions(
  deps: SweepDeps,
  owner: Owner,
  options: { readonly from: Execution; readonly newestId: string; readonly reads: ReadAllowance },
): AsyncGenerator<Execution> {
  const { from, newestId, reads } = options;
  const passed = new Set([from.id]);
  let last = from;
  while (last.id !== newestId && !reads.areUsedUp) {
    const found = await deps.store.findParts(messages.all(owner, last.threadId), MessageOfRun, {
      between: { field: "createdAt", from: last.createdAt, to: undefined },
      orderBy: [["createdAt", "asc"]],
      limit: messagesRead,
    });
    const next = found.find(({ role, executionId }) => role === "user" && !passed.has(executionId));
    // The newest execution is included in any case, even if clocks differed.
    last = await markReader(deps, owner, next?.executionId ?? newestId);
    passed.add(last.id);
    reads.count(found.length + 1);
    yield last;
  }
}
