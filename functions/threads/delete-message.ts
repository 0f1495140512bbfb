import * as z from "zod";
import { ok } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { idSchema } from "#shared/core/ids";
import { deletedBody, newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { eraseAnswers, readRunOf } from "#shared/orchestrations/erase-answers";
import { stillFree } from "#shared/owners/evidence";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, patch, remove, type Write } from "#shared/store/documents";
import { type Execution, executions, hasEnded } from "#shared/store/executions";
import { forget } from "#shared/store/search-entries";
import { type Message, messages, threads } from "#shared/store/threads";

export const deleteMessage = change({
  endpoint: "DELETE /v1/threads/:threadId/messages/:messageId",
  summary:
    "Delete one message, and its copies in the execution, its events and its orchestration's run.",
  ...ownedDeletion("threads:write"),
  params: z.object({ threadId: idSchema("thread"), messageId: idSchema("message") }),
  audit: "message.deleted",
  refusals: ["CONFLICT", "THREAD_BUSY"],
  reply: { 200: Deleted },
  read: async ({ caller: { owner }, params: { threadId, messageId }, deps: { store } }) => {
    const [thread, message] = await allInOrder([
      store.require(threads.of(owner, threadId)),
      store.require(messages.of(owner, threadId, messageId)),
    ]);
    const [execution, run, still] = await allInOrder([
      store.get(executions.of(owner, message.value.executionId)),
      message.value.role === "user" ? null : readRunOf(store, owner, thread.value),
      stillFree(store, owner.id),
    ]);
    return { thread, message, execution, run, still };
  },
  /**
   * @throws {ApiError} `THREAD_BUSY` while the message's execution hasn't ended, `CONFLICT` while
   * an incident needs the message, whose text this commit erases.
   */
  decide({ caller, data: { thread, message, execution, run, still }, request, now }) {
    if (!still) throw new ApiError("CONFLICT", { message: neededAsEvidence });
    const { id, role, createdAt, executionId } = message.value;
    if (execution.version && !hasEnded(execution.value)) throw new ApiError("THREAD_BUSY");
    const which = { kind: "message", id, executionId, requestId: request.id, now } as const;
    const order = newDeletion(caller, which);
    const isNewest = thread.value.lastMessageAt === createdAt;
    const shown = { updatedAt: now, ...(isNewest ? { lastMessagePreview: null } : {}) };
    const fewer = { increments: { messageCount: -1 }, version: thread.version };
    const copies: readonly Write[] = execution.version
      ? [patch(execution.ref, withoutCopy(execution.value, role), { version: execution.version })]
      : [];
    return {
      writes: [
        remove(message.ref, message.version),
        forget(caller.owner, id),
        patch(thread.ref, shown, fewer),
        ...copies,
        ...eraseAnswers(run, (result) => result.executionId === executionId),
        create(deletions.doc(id), order),
        still,
      ],
      subject: id,
      facts: { role },
      reply: ok(deletedBody(id, { isErased: false })),
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  answerAfter: async ({ caller: { owner }, decided: { order }, deps }) =>
    ok(deletedBody(order.id, { isErased: await finishInRequest(deps, owner, order) })),
});

const neededAsEvidence =
  "An incident needs the account's messages as evidence; delete this one once it is closed.";

/**
 * Events repeat what was asked and answered, so none is shown from now on. What ended under an
 * earlier release has its variables still, which quote a delivery's payload or earlier answers.
 */
function withoutCopy({ task }: Execution, role: Message["role"]): Partial<Execution> {
  const text =
    role === "user" ? { task: { ...task, content: "" } } : { output: null, detail: null };
  return { ...text, environmentVariables: [], sealedSecrets: [], eventsLastSequence: 0 };
}
