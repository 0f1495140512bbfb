import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { noQuery, ok, toJsonText } from "#shared/contract/common";
import { ThreadBody, ThreadUpdate } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { existing } from "#shared/environments/body-ids";
import { ApiError } from "#shared/errors/api-error";
import { namesOfThreads } from "#shared/executions/thread-names";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { patch } from "#shared/store/documents";
import { indexTitle } from "#shared/store/search-entries";
import { type Thread, threads } from "#shared/store/threads";
import { rememberThread } from "./thread-hints.ts";

export const updateThread = change({
  endpoint: "PATCH /v1/threads/:threadId",
  summary: "Change the given fields; status takes archived and active.",
  authenticate: "api-key",
  scope: "threads:write",
  needsToo: { ...toStartLater, when: ({ agentId }) => typeof agentId === "string" },
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: ThreadUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "thread.updated",
  refusals: ["THREAD_BUSY"],
  reply: { 200: z.object({ thread: ThreadBody }) },
  read: async ({ caller: { owner }, params: { threadId }, body, deps: { store } }) => {
    const found = await store.require(threads.of(owner, threadId));
    const { agentId = found.value.agentId } = body;
    // An id that can't be one is refused before anything is looked up by it.
    await existing("agent", body.agentId, async (id) => await store.get(agents.of(owner, id)));
    const names = await namesOfThreads(store, owner, [{ ...found.value, agentId }]);
    return { ...found, names: names({ ...found.value, agentId }) };
  },
  decide({ caller: { owner }, body, data: { ref, value, version, names }, now }) {
    const fields = { ...changes(body, value), updatedAt: now };
    const thread = { ...value, ...fields };
    return {
      writes: [
        patch(ref, fields, { version }),
        ...(thread.title === value.title ? [] : [indexTitle(owner, thread)]),
      ],
      subject: value.id,
      facts: { archived: thread.archived },
      reply: ok({ thread: threadBody(thread, { ...names, ownerId: owner.id }) }),
      thread,
    };
  },
  after: async ({ caller: { owner }, decided: { thread } }) => rememberThread(owner, thread),
});

/** @throws {ApiError} `THREAD_BUSY` for a new status while an execution determines it. */
function changes(body: ThreadUpdate, value: Thread): Partial<Thread> {
  const { title, agentId, projectId, metadata } = body;
  return {
    title: title === undefined ? value.title : title,
    agentId: agentId === undefined ? value.agentId : agentId,
    projectId: projectId === undefined ? value.projectId : projectId,
    metadataJson: metadata === undefined ? value.metadataJson : toJsonText(metadata),
    ...statusChange(body.status, value),
  };
}

/** `active` takes an archived thread back with the status that it had. */
function statusChange(status: ThreadUpdate["status"], value: Thread): Partial<Thread> {
  if (status === undefined) return {};
  if (value.executionId !== null) throw new ApiError("THREAD_BUSY");
  if (status === "archived") return { archived: true };
  return value.archived ? { archived: false } : { status: "active" };
}
