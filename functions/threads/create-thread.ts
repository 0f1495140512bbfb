import * as z from "zod";
import { scheduleBody } from "#shared/answers/schedule-body";
import { threadBody } from "#shared/answers/thread-body";
import { deploymentLimits } from "#shared/config";
import { created, iso, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { ScheduleBody } from "#shared/contract/schedule";
import { ThreadBody, ThreadCreate } from "#shared/contract/thread";
import { ensureDefault, environmentWrites } from "#shared/environments/default-environment";
import { createWrites, newThread } from "#shared/executions/new-thread";
import { digestSalt, isSameRequest } from "#shared/executions/request-digest";
import { type StreamReader, sseStream } from "#shared/executions/sse-stream";
import { fromItsStart } from "#shared/executions/stream-start";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import {
  type Callers,
  type Context,
  change,
  jsonBytesMax,
  type Reply,
} from "#shared/pipeline/route";
import { withOneMoreOwned } from "#shared/quotas/owned-resources";
import { auditEntry } from "#shared/store/audit-rows";
import type { Write } from "#shared/store/documents";
import type { Execution } from "#shared/store/executions";
import type { Schedule } from "#shared/store/schedules";
import type { Thread } from "#shared/store/threads";
import { readForCreate } from "./read-for-create.ts";
import { scheduleWithThread } from "./schedule-with-thread.ts";
import { executedContent, startWithThread } from "./start-with-thread.ts";
import { rememberThread } from "./thread-hints.ts";

export const createThread = change({
  endpoint: "POST /v1/threads",
  summary:
    "Create a thread in the given environment or the default one; with content, execute it and stream, or at the times of a schedule.",
  authenticate: "api-key",
  scope: "threads:write",
  // Also of a request that only repeats one, since it is answered with what was executed.
  needsToo: {
    scopes: ["execute"],
    when: ({ content, task, messages }) =>
      [content, task, messages].some((said) => said !== undefined),
  },
  params: noParams,
  query: noQuery,
  body: ThreadCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "thread.created",
  auditDetails: ({ body, request }) => {
    const task = executedContent(body);
    return task === null ? {} : { task, taskSalt: digestSalt(request.id) };
  },
  // With content, it starts an execution.
  refusals: [
    ...(["FORBIDDEN", "MODEL_NOT_OFFERED", "CONCURRENCY_LIMITED", "INSUFFICIENT_BUDGET"] as const),
    ...(["BUDGET_LIMIT_DAILY", "BUDGET_LIMIT_MONTHLY", "BUDGET_LIMIT_KEY"] as const),
  ],
  reply: {
    200: "stream",
    201: z.object({ thread: ThreadBody, schedule: ScheduleBody.optional() }),
  },
  read: async (context) => await readForCreate(context),
  prepare: async ({ caller, data: { found, ...read }, request, deps, now }) => {
    const beside = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const made = await ensureDefault(deps.keyStore, caller.owner, { found, now, beside });
    return { ...read, ...made };
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) => {
      const { earlier, request } = context.data;
      if (!earlier) return null;
      const stored = earlier.thread.requestSha256;
      const asked = { request, asStated: null };
      return {
        isSame: stored !== null && isSameRequest(stored, asked),
        answer: () => answerOf(context, earlier),
      };
    },
  },
  decide(context) {
    const { caller, body, data, account, ids, now } = context;
    const { owner } = caller;
    const { agent, counted, environment } = data;
    const counting = { kind: "threads", counted, quotas: deploymentLimits().quotas } as const;
    const withThread = withOneMoreOwned(account, counting, now);
    const thread = newThread(
      {
        id: data.threadId ?? ids.next("thread"),
        environmentId: environment.id,
        agentId: agent?.value.id ?? null,
        projectId: body.projectId ?? null,
        appId: body.appId ?? null,
        title: body.title ?? null,
        metadataJson: toJsonText(body.metadata),
        requestSha256: data.threadId === null ? null : data.requestSha256,
      },
      now,
    );
    const names = { environmentName: environment.name, agentName: agent?.value.name ?? null };
    const facts = { environmentId: environment.id };
    const scheduled = scheduleWithThread(caller, body, {
      id: data.scheduleId ?? ids.next("schedule"),
      ...{ environment, agentName: names.agentName, account: withThread, now },
      counted: data.countedSchedules,
    });
    if (scheduled || executedContent(body) === null) {
      return {
        account: scheduled?.account ?? withThread,
        writes: [
          ...(scheduled ? environmentWrites(owner, data) : data.writes),
          ...createWrites(owner, thread),
          ...(scheduled ? [scheduled.write, rowOf(context, { ...scheduled, facts })] : []),
        ],
        subject: thread.id,
        facts,
        reply: answerOf(context, {
          thread,
          names,
          execution: null,
          schedule: scheduled?.schedule ?? null,
        }),
        thread,
        started: null,
      };
    }
    const started = startWithThread(context, { thread, environment, account: withThread });
    const { execution } = started;
    return {
      account: started.account,
      writes: [
        ...data.writes,
        ...started.writes,
        rowOf(context, { action: "thread.created", subject: thread.id, facts }),
      ],
      limit: started.limit,
      action: "execution.started" as const,
      subject: execution.id,
      facts: started.facts,
      reply: answerOf(context, { thread: started.thread, names, execution }),
      thread,
      started,
    };
  },
  after: async ({ caller: { owner }, decided: { thread, started }, version, deps }) => {
    rememberThread(owner, thread);
    if (!started) return;
    const { execution, ticket } = started;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  },
});

/** The row of what is made beside that which the route's own row names. */
function rowOf(
  { caller, ids, now, request }: Context<"api-key", unknown, unknown, ThreadCreate>,
  made: {
    readonly action: string;
    readonly subject: string;
    readonly facts: Readonly<Record<string, string>>;
  },
): Write {
  return auditEntry(caller.owner, {
    id: ids.next("auditRow"),
    at: now,
    actor: { type: caller.type, id: caller.id },
    ...{ action: made.action, subject: made.subject, facts: made.facts },
    requestId: request.id,
    sealedDetails: null,
  });
}

/** The thread, or the stream of what it executes first; the same for a request that is repeated. */
function answerOf(
  context: StreamReader & {
    readonly caller: Callers["api-key"];
    readonly body: ThreadCreate;
  },
  made: {
    readonly thread: Thread;
    readonly names: { readonly environmentName: string | null; readonly agentName: string | null };
    readonly execution: Execution | null;
    readonly schedule?: Schedule | null;
  },
): Reply {
  const { thread, names, execution } = made;
  const body = threadBody(thread, { ...names, ownerId: context.caller.owner.id });
  if (made.schedule) {
    const shown = { ownerId: context.caller.owner.id, states: new Map() };
    return created({ thread: body, schedule: scheduleBody(made.schedule, shown) });
  }
  if (execution === null || context.body.stream === false) return created({ thread: body });
  const first = { type: "thread.created", timestamp: iso(thread.createdAt), thread: body };
  return sseStream(context, fromItsStart(execution), first);
}
