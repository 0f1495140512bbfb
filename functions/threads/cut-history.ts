import type { MessageCreate } from "#shared/contract/message-create";
import { newDeletion } from "#shared/deletion/deletion-order";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { requireKeyScope } from "#shared/keys/require-key-scope";
import { eraseAnswers, type FoundRun, readRunOf } from "#shared/orchestrations/erase-answers";
import { stillFree } from "#shared/owners/evidence";
import type { Callers } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, patchInside, remove, type Write } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import { forget } from "#shared/store/search-entries";
import type { ReadStore } from "#shared/store/store";
import { Message, messages, type Thread } from "#shared/store/threads";
import { messagesMax, readExecutions } from "./timeline.ts";

/** A cut is in the commit of the start, so it is bounded as commits are. */
const cutMax = 50;

const Part = Message.pick({ id: true, role: true, executionId: true });

/** What a message cuts off its thread before it runs. */
export interface Cut {
  readonly threadId: string;
  readonly messageIds: readonly string[];
  /** The executions whose copies of those messages are erased, each with one of the messages. */
  readonly copies: readonly { readonly executionId: string; readonly messageId: string }[];
  /** The run that has copies of answers, if the thread is a step of one. */
  readonly run: FoundRun | null;
  /** Makes the commit fail if an incident has come to need the messages since; see `stillFree`. */
  readonly still: Write;
}

type CutThread = Pick<Thread, "id" | "orchestrationRun">;
type Asked = Pick<MessageCreate, "truncateAtMessageIndex" | "editMessageId">;

/**
 * The messages that are deleted before a new one runs: those from an index on, or from the one that
 * it replaces. Null if it asks for neither.
 * @throws {ApiError} `NOT_FOUND`, `THREAD_TOO_LONG`, or `CONFLICT` while an incident needs
 * the messages as evidence.
 */
export async function readCut(
  store: ReadStore,
  owner: Owner,
  { thread, body }: { readonly thread: CutThread; readonly body: Asked },
): Promise<Cut | null> {
  const { truncateAtMessageIndex: index = null, editMessageId = null } = body;
  if (index === null && editMessageId === null) return null;
  const threadId = thread.id;
  const oldestFirst = { orderBy: [["createdAt", "asc"]] as const, limit: messagesMax };
  const [said, run, still] = await allInOrder([
    store.findParts(messages.all(owner, threadId), Part, oldestFirst),
    readRunOf(store, owner, thread),
    stillFree(store, owner.id),
  ]);
  const first = index ?? said.findIndex(({ id, role }) => id === editMessageId && role === "user");
  if (first === -1) throw noSuchMessage();
  const gone = said.slice(first);
  if (gone.length === 0) return null;
  if (!still) throw new ApiError("CONFLICT", { message: neededAsEvidence });
  if (gone.length > cutMax || said.length === messagesMax) {
    const message = `At most ${cutMax} messages can be cut off at once; copy the thread up to there.`;
    throw new ApiError("THREAD_TOO_LONG", { message });
  }
  const messageOf = new Map(gone.map(({ id, executionId }) => [executionId, id]));
  const ids = [...messageOf.keys()];
  const found = await readExecutions(store, owner, { threadId, ids });
  const copies = found.flatMap(({ id: executionId }) => {
    const messageId = messageOf.get(executionId);
    return messageId === undefined ? [] : [{ executionId, messageId }];
  });
  return { threadId, messageIds: gone.map(({ id }) => id), copies, run, still };
}

const neededAsEvidence =
  "An incident needs the account's messages as evidence; cut them off once it is closed.";

function noSuchMessage(): ApiError {
  const message = "The thread has no such message of the user.";
  const details = [{ field: "editMessageId", message: "names no message of the user in it" }];
  return new ApiError("NOT_FOUND", { message, details });
}

/**
 * The writes that delete what is cut off: the messages and their words at once, their events by the
 * order that maintenance finishes. Pure.
 * @throws {ApiError} `FORBIDDEN` for a key that may not delete messages.
 */
export function cutWrites(
  caller: Callers["api-key"],
  { threadId, messageIds, copies, run, still }: Cut,
  { requestId, now }: { readonly requestId: string; readonly now: number },
): readonly Write[] {
  requireMayDelete(caller);
  const { owner } = caller;
  const gone = messageIds.flatMap((id) => [
    remove(messages.of(owner, threadId, id), null),
    forget(owner, id),
  ]);
  const nothing = { output: null, detail: null, eventsLastSequence: 0 };
  const erased = copies.flatMap(({ executionId, messageId: id }) => [
    patchInside(executions.of(owner, executionId), { "task.content": "" }, nothing),
    create(
      deletions.doc(id),
      newDeletion(caller, { kind: "message", id, executionId, requestId, now }),
    ),
  ]);
  const ids = new Set(copies.map(({ executionId }) => executionId));
  const answers = eraseAnswers(run, ({ executionId }) => ids.has(executionId ?? ""));
  return [...gone, ...erased, ...answers, still];
}

function requireMayDelete({ key }: Callers["api-key"]): void {
  requireKeyScope(key.scopes, "threads:write", "which deleting messages needs");
}
