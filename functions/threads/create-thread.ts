import * as z from "zod";
import { created, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { ThreadBody, ThreadCreate, threadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { defaultEnvironment } from "#shared/environments/default-environment";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { type Thread, threads } from "#shared/store/threads";
import { rememberThread } from "./thread-hints.ts";

export const createThread = route({
  answers: "POST /v1/threads",
  summary: "Begin an empty thread on an environment: the one named, or the default one.",
  authenticate: "api-key",
  scope: "threads:write",
  params: noParams,
  query: noQuery,
  body: ThreadCreate,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "thread.created",
  reply: { 201: z.object({ thread: ThreadBody }) },
  read: async ({ caller: { owner }, body, deps, now }) => {
    const environmentId = body.environmentId ?? body.computerId;
    const [agentId, environment] = await Promise.all([
      existing("agent", body.agentId, async (id) => {
        await deps.store.require(agents.of(owner, id));
      }),
      environmentId === undefined
        ? defaultEnvironment(deps, owner, now)
        : existing("environment", environmentId, async (id) => {
            await deps.store.require(environments.of(owner, id));
          }).then((id) => ({ environment: { id: id ?? "" }, writes: [] })),
    ]);
    return { agentId, environmentId: environment.environment.id, writes: environment.writes };
  },
  decide({ caller: { owner }, body, data, ids, now }) {
    const { environmentId, agentId } = data;
    const thread: Thread = {
      v: 1,
      id: ids.next("thread"),
      environmentId,
      agentId,
      projectId: body.projectId ?? null,
      appId: body.appId ?? null,
      title: body.title ?? null,
      status: "active",
      executionId: null,
      lastExecutionId: null,
      messageCount: 0,
      inputTokens: 0,
      outputTokens: 0,
      costMicrousd: 0,
      computeMs: 0,
      startedAt: null,
      endedAt: null,
      lastMessageAt: null,
      lastMessagePreview: null,
      metadataJson: toJsonText(body.metadata),
      createdAt: now,
      updatedAt: now,
    };
    rememberThread(owner, thread);
    return {
      writes: [...data.writes, create(threads.of(owner, thread.id), thread)],
      subject: thread.id,
      facts: { environmentId },
      reply: created({ thread: threadBody(thread, owner.id) }),
    };
  },
});

/** An id in a body is the owner's own or doesn't exist, exactly as one in the path. */
async function existing(
  kind: "agent" | "environment",
  id: string | null | undefined,
  require: (id: string) => Promise<void>,
): Promise<string | null> {
  if (id === null || id === undefined) return null;
  const details = [{ field: `${kind}Id`, message: `you have no such ${kind}` }];
  const missing = () =>
    new ApiError("NOT_FOUND", { message: `You have no such ${kind}.`, details });
  if (!idSchema(kind).safeParse(id).success) throw missing();
  try {
    await require(id);
    return id;
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_FOUND") throw missing();
    throw error;
  }
}
