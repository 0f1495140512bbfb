import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { ThreadBody, ThreadCreate } from "#shared/contract/thread";
import { assert } from "#shared/core/assert";
import { idSchema } from "#shared/core/ids";
import type { Counted } from "#shared/core/limits/owned-count";
import {
  type DefaultEnvironment,
  ensureDefault,
  findDefault,
} from "#shared/environments/default-environment";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import {
  countOwned,
  countOwnedIfRepeated,
  requireRoomFor,
  withOneMoreOwned,
} from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";
import { type Thread, threads } from "#shared/store/threads";
import { rememberThread } from "./thread-hints.ts";

export const createThread = change({
  endpoint: "POST /v1/threads",
  summary: "Create an empty thread in the given environment or in the default one.",
  authenticate: "api-key",
  scope: "threads:write",
  params: noParams,
  query: noQuery,
  body: ThreadCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "thread.created",
  reply: { 201: z.object({ thread: ThreadBody }) },
  read: async ({ caller: { owner }, body, repeated, deps, now }) => {
    const environmentId = body.environmentId ?? body.computerId;
    const [known, agent, found] = await Promise.all([
      countOwnedIfRepeated(deps.store, owner, { kind: "threads", repeated }),
      existing("agent", body.agentId, async (id) => await deps.store.get(agents.of(owner, id))),
      environmentId === undefined
        ? findDefault(deps.store, owner, now)
        : named(environmentId, async (id) => await deps.store.get(environments.of(owner, id))),
    ]);
    const counted =
      known ?? ("missing" in found ? await countBeforeDefault(deps.store, owner) : null);
    return { counted, agent, found };
  },
  prepare: async ({ caller: { owner }, data: { found, ...read }, deps, now }) => ({
    ...read,
    ...(await ensureDefault(deps.keyStore, owner, { found, now })),
  }),
  decide({ caller: { owner }, body, data, account, ids, now }) {
    const { counted, agent, environment } = data;
    const { quotas } = deploymentLimits();
    const environmentId = environment.id;
    const thread: Thread = {
      v: 1,
      id: ids.next("thread"),
      environmentId,
      agentId: agent?.id ?? null,
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
    return {
      account: withOneMoreOwned(account, { kind: "threads", counted, quotas }, now),
      writes: [...data.writes, create(threads.of(owner, thread.id), thread)],
      subject: thread.id,
      facts: { environmentId },
      reply: created({
        thread: threadBody(thread, {
          ownerId: owner.id,
          environmentName: environment.name,
          agentName: agent?.name ?? null,
        }),
      }),
      thread,
    };
  },
  after: async ({ caller: { owner }, decided: { thread } }) => rememberThread(owner, thread),
});

/**
 * Counts the threads of an account whose default environment is missing, so that no key pair is
 * made for a thread that has no room.
 */
async function countBeforeDefault(store: ReadStore, owner: Owner): Promise<Counted | null> {
  const counted = await countOwned(store, owner, "threads");
  requireRoomFor("threads", counted, deploymentLimits().quotas);
  return counted;
}

/**
 * An id in a body that isn't the owner's is answered like one that doesn't exist, as in the path.
 */
async function existing<T>(
  kind: "agent" | "environment",
  id: string | null | undefined,
  get: (id: string) => Promise<{ readonly value: T | null }>,
): Promise<T | null> {
  if (id === null || id === undefined) return null;
  const { value } = idSchema(kind).safeParse(id).success ? await get(id) : { value: null };
  if (value !== null) return value;
  const details = [{ field: `${kind}Id`, message: `names no ${kind} of yours` }];
  throw new ApiError("NOT_FOUND", { message: `You have no such ${kind}.`, details });
}

async function named(
  id: string,
  get: (id: string) => Promise<{ readonly value: Environment | null }>,
): Promise<DefaultEnvironment> {
  const environment = await existing("environment", id, get);
  assert(environment, "an id was given");
  return { environment, writes: [] };
}
