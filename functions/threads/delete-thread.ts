import * as z from "zod";
import { ok } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { idSchema } from "#shared/core/ids";
import { deletedBody, newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { allInOrder } from "#shared/errors/all-in-order";
import { eraseAnswers, readRunOf } from "#shared/orchestrations/erase-answers";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, patch, remove } from "#shared/store/documents";
import { executions, hasEnded } from "#shared/store/executions";
import { forget } from "#shared/store/search-entries";
import { threads } from "#shared/store/threads";

export const deleteThread = change({
  endpoint: "DELETE /v1/threads/:threadId",
  summary: "Delete a thread with its messages, executions and logs; what runs in it is stopped.",
  ...ownedDeletion("threads:write"),
  params: z.object({ threadId: idSchema("thread") }),
  audit: "thread.deleted",
  reply: { 200: Deleted },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) => {
    const thread = await store.require(threads.of(owner, threadId));
    const { executionId } = thread.value;
    const [running, run] = await allInOrder([
      executionId === null ? null : store.get(executions.of(owner, executionId)),
      readRunOf(store, owner, thread.value),
    ]);
    return { thread, running, run };
  },
  decide({ caller, data: { thread, running, run }, request, now }) {
    const { id, messageCount } = thread.value;
    const order = newDeletion(caller, { kind: "thread", id, requestId: request.id, now });
    const stops = running?.version && !hasEnded(running.value) ? running : null;
    // Its end finds the mark, because it names the execution's version.
    const marked = {
      threadDeleted: true,
      cancelRequestedAt: stops?.value.cancelRequestedAt ?? now,
    };
    return {
      writes: [
        remove(thread.ref, thread.version),
        forget(caller.owner, id),
        ...(stops ? [patch(stops.ref, marked, { version: stops.version })] : []),
        ...eraseAnswers(run, ({ threadId }) => threadId === id),
        create(deletions.doc(id), order),
      ],
      subject: id,
      facts: { messages: messageCount, executionsStopped: stops !== null },
      reply: ok(deletedBody(id, { isErased: false })),
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  answerAfter: async ({ caller: { owner }, decided: { order }, deps }) =>
    ok(deletedBody(order.id, { isErased: await finishInRequest(deps, owner, order) })),
});
