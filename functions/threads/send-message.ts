import { createHash } from "node:crypto";
import * as z from "zod";
import { idempotencySpace } from "#shared/auth/environment-bounds";
import { deploymentLimits } from "#shared/config";
import { noQuery } from "#shared/contract/common";
import { MessageCreate } from "#shared/contract/message-create";
import { warningsOf } from "#shared/contract/secret";
import { derivedId, idSchema } from "#shared/core/ids";
import { ticketRandomBytes } from "#shared/core/ticket";
import { ApiError } from "#shared/errors/api-error";
import { eventStream } from "#shared/executions/event-stream";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { dispatchStarted } from "./dispatch-started.ts";
import { readForStart } from "./read-for-start.ts";
import { startExecution } from "./start-execution.ts";

export const sendMessage = route({
  answers: "POST /v1/threads/:threadId/messages",
  summary: "Execute a message and stream what happens; an Idempotency-Key makes repeating it safe.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: MessageCreate,
  bodyBytesMax: jsonBytesMax,
  limits: "executions",
  budget: "hold",
  audit: "execution.started",
  auditDetails: ({ body }) => ({ task: body.content ?? body.task ?? "" }),
  reply: { 200: "stream" },
  read: async ({ caller: { owner }, params: { threadId }, body, request, ids, deps }) => {
    const { idempotencyKey } = request;
    const executionId = idempotencyKey
      ? derivedId("execution", ...idempotencySpace(owner), idempotencyKey)
      : ids.next("execution");
    const requestSha256 = createHash("sha256")
      .update(JSON.stringify([threadId, body]))
      .digest("hex");
    const ticketSecret = deps.random(ticketRandomBytes).toString("hex");
    const which = { threadId, executionId, mayExist: idempotencyKey !== null, body };
    const read = await readForStart(deps, owner, which);
    return { ...read, executionId, requestSha256, ticketSecret };
  },
  decide(context) {
    const { caller, data, account } = context;
    const { earlier } = data;
    if (earlier) {
      // The same key and body is the same request: it gets the same execution's stream.
      if (earlier.requestSha256 !== data.requestSha256) throw new ApiError("IDEMPOTENCY_CONFLICT");
      return { writes: [], reply: eventStream(context, earlier, null), started: null };
    }
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { body, ids, now } = context;
    const start = {
      owner: caller.owner,
      key: caller.key,
      messageId: ids.next("message"),
      limits: deploymentLimits(),
      now,
    };
    const started = startExecution(start, { body, data, account });
    const { execution } = started;
    return {
      writes: started.writes,
      account: started.account,
      limit: started.limit,
      subject: execution.id,
      facts: {
        model: execution.task.model,
        taskSha256: createHash("sha256").update(execution.task.content).digest("hex"),
        heldMicrousd: execution.holdMicrousd,
        network: execution.network.mode,
      },
      reply: withWarnings(eventStream(context, execution, null), body),
      started,
    };
  },
  after: async ({ caller, decided, version, deps }) => {
    if (!decided.started) return;
    const { execution, ticket } = decided.started;
    await dispatchStarted(deps.store, caller.owner, { execution, version, ticket, now: deps.now });
  },
});

const warningsMax = 20;

/** In a header: the stream's own words are the public API's. */
function withWarnings<R extends { readonly headers: object }>(
  reply: R,
  { envVars, secrets }: MessageCreate,
) {
  const variables = Object.entries(envVars).map(([key, value]) => ({ key, value }));
  const warnings = warningsOf(variables, secrets).slice(0, warningsMax);
  if (warnings.length === 0) return reply;
  return { ...reply, headers: { ...reply.headers, "x-paddock-warnings": warnings.join(" ") } };
}
