import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { noQuery } from "#shared/contract/common";
import { MessageCreate, messageWarnings } from "#shared/contract/message-create";
import { warningsOf } from "#shared/contract/secret";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { idSchema } from "#shared/core/ids";
import { needsLayer } from "#shared/core/layers/layer";
import { ApiError } from "#shared/errors/api-error";
import { jsonAtEnd } from "#shared/executions/json-at-end";
import { builtLayer } from "#shared/executions/layer-of";
import { digestSalt, isSameRequest, requestDigest } from "#shared/executions/request-digest";
import { type StreamReader, type StreamReply, sseStream } from "#shared/executions/sse-stream";
import { startExecution, startedFacts } from "#shared/executions/start-execution";
import { fromItsStart } from "#shared/executions/stream-start";
import { endOverdue } from "#shared/executions/sweep";
import type { Owner } from "#shared/identity/owner";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { warningsHeader } from "#shared/pipeline/ignored-fields";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import type { Environment } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { type Cut, cutWrites, readCut } from "./cut-history.ts";
import { readForStart, type StartRead } from "./read-for-start.ts";
import { requireSameAsThread } from "./same-as-thread.ts";

export const sendMessage = change({
  endpoint: "POST /v1/threads/:threadId/messages",
  summary:
    "Execute a message and stream its events, or answer at its end; with an Idempotency-Key it can be repeated safely.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: MessageCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "execution.started",
  auditDetails: ({ body, request }) => ({
    task: body.content ?? body.task ?? "",
    taskSalt: digestSalt(request.id),
  }),
  refusals: [
    ...(["THREAD_BUSY", "THREAD_TOO_LONG", "CONFLICT"] as const),
    ...(["MODEL_NOT_OFFERED", "NETWORK_NOT_ALLOWED", "FORBIDDEN"] as const),
  ],
  reply: { 200: "stream" },
  read: async ({ caller: { owner }, params: { threadId }, body, ids, deps }) => {
    const repeatableId = ids.ofRequest("execution");
    const executionId = repeatableId ?? ids.next("execution");
    const asked = { request: requestOf(threadId, body), asStated: [threadId, body] };
    const ticketSecret = deps.random(ticketRandomBytes).toString("hex");
    const which = { threadId, executionId, mayExist: repeatableId !== null, body };
    const read = await readForStart(deps, owner, which);
    const thread = read.thread.value;
    await requireSameAsThread(deps.store, owner, { thread, body });
    const cut = await cutOf(deps.store, owner, { read, body });
    const requestSha256 = requestDigest(asked.request);
    return { ...read, cut, which, executionId, asked, requestSha256, ticketSecret };
  },
  prepare: async ({ caller: { owner }, body, data: read, deps }) => {
    if (!(await endOverdue(deps, read.running))) return read;
    const again = await readForStart(deps, owner, read.which);
    // Its end has written an answer, which is cut off like what it answers.
    const cut = await cutOf(deps.store, owner, { read: again, body });
    return { ...read, ...again, cut };
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    // The same key and body are the same request, which gets the same execution's stream.
    earlier: (context) => {
      const { earlier, asked } = context.data;
      return earlier === null
        ? null
        : {
            isSame: isSameRequest(earlier.requestSha256, asked),
            answer: () => answerOf(context, earlier),
          };
    },
  },
  decide(context) {
    const { caller, data, account } = context;
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { body, ids, now } = context;
    const start = {
      owner: caller.owner,
      key: caller.key,
      messageId: ids.next("message"),
      limits: deploymentLimits(),
      now,
    };
    const { cut } = data;
    const cutCount = cut?.messageIds.length ?? 0;
    const started = startExecution(start, { body, data: { ...data, cutCount }, account });
    const { execution } = started;
    const by = { requestId: context.request.id, now };
    return {
      writes: [...started.writes, ...(cut ? cutWrites(caller, cut, by) : [])],
      account: started.account,
      limit: started.limit,
      subject: execution.id,
      facts: {
        ...startedFacts(execution, context.request.id),
        ...(cutCount > 0 ? { messagesCut: cutCount } : {}),
      },
      reply: withWarnings(answerOf(context, execution), {
        body,
        model: execution.task.model,
        environment: data.environment.value,
      }),
      started,
    };
  },
  after: async ({ caller, decided, version, deps }) => {
    const { execution, ticket } = decided.started;
    await dispatchStarted(deps.store, caller.owner, { execution, version, ticket, now: deps.now });
  },
});

/** What a repeated request cut off isn't there any more. */
async function cutOf(
  store: ReadStore,
  owner: Owner,
  { read, body }: { readonly read: StartRead; readonly body: MessageCreate },
): Promise<Cut | null> {
  return read.earlier ? null : await readCut(store, owner, { thread: read.thread.value, body });
}

function answerOf(
  context: StreamReader & { readonly body: MessageCreate },
  execution: Execution,
): StreamReply {
  if (context.body.stream === false) return jsonAtEnd(context, execution);
  return sseStream(context, fromItsStart(execution));
}

/**
 * The request's meaning: the order of secrets, an older name for the content and the form of the
 * answer don't count.
 */
function requestOf(threadId: string, { content, task, secrets, stream, ...rest }: MessageCreate) {
  const sorted = [...secrets].sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return [threadId, { ...rest, content: content ?? task, secrets: sorted }];
}

function layerWarnings(environment: Environment): string[] {
  if (!needsLayer(environment) || builtLayer(environment) !== null) return [];
  const before = environment.layers.length > 0 ? "what was built before" : "nothing of it";
  return [`The environment isn't built as it is now, so ${before} is there: POST to its /build.`];
}

const warningsMax = 20;

/** Sent in a header, because the stream's events are the public API's. */
function withWarnings<R extends { readonly headers: object }>(
  reply: R,
  sent: {
    readonly body: MessageCreate;
    readonly model: string;
    readonly environment: Environment;
  },
) {
  const { body, model, environment } = sent;
  const variables = Object.entries(body.envVars).map(([key, value]) => ({ key, value }));
  const all = [
    ...messageWarnings(body, model),
    ...warningsOf(variables, body.secrets),
    ...layerWarnings(environment),
  ];
  const more = all.length - warningsMax;
  const rest = more > 0 ? [`There are ${more} more warnings.`] : [];
  const warnings = [...all.slice(0, warningsMax), ...rest];
  if (warnings.length === 0) return reply;
  return { ...reply, headers: { ...reply.headers, [warningsHeader]: warnings.join(" ") } };
}
