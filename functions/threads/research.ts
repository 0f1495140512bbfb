/** No deep research is done here, so there are no sessions of it. */
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { query } from "#shared/pipeline/route";
import { threads } from "#shared/store/threads";

const params = z.object({ threadId: idSchema("thread") });
const none = z.array(z.never());

export const listResearch = query({
  endpoint: "GET /v1/threads/:threadId/research",
  summary: "A thread's sessions of deep research, of which there are none.",
  authenticate: "api-key",
  scope: "threads:read",
  params,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: {
    200: z.object({
      object: z.literal("list"),
      data: none,
      sessions: none,
      has_more: z.literal(false),
      total_count: z.literal(0),
    }),
  },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) =>
    await store.require(threads.of(owner, threadId)),
  answer: () => ok({ object: "list", data: [], sessions: [], has_more: false, total_count: 0 }),
});

/** A session is asked for by its id, of which none exists. */
function missing(method: "GET" | "DELETE", found: z.ZodObject) {
  return query({
    endpoint: `${method} /v1/threads/:threadId/research/:sessionId`,
    summary: "A session of deep research; 404, because there are none.",
    authenticate: "api-key",
    scope: method === "GET" ? "threads:read" : "threads:write",
    params: params.extend({ sessionId: z.string().max(200) }),
    query: noQuery,
    body: "none",
    bodyBytesMax: 0,
    requestClass: method === "GET" ? "reads" : "writes",
    reply: { 200: found },
    read: async ({ caller: { owner }, params: { threadId }, deps: { store } }) =>
      await store.require(threads.of(owner, threadId)),
    answer: (): never => {
      throw new ApiError("NOT_FOUND", { message: "There are no sessions of deep research here." });
    },
  });
}

export const getResearch = missing("GET", z.object({ session: z.object({ id: z.string() }) }));
export const deleteResearch = missing("DELETE", z.object({ success: z.literal(true) }));
