import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { iso, noQuery, ok, toJsonText } from "#shared/contract/common";
import { ThreadBody } from "#shared/contract/thread";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { idSchema } from "#shared/core/ids";
import { existing } from "#shared/environments/body-ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { type EarlierStart, readEarlierStart } from "#shared/executions/earlier-start";
import { startOnNewThread } from "#shared/executions/start-on-new-thread";
import type { Owner } from "#shared/identity/owner";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated } from "#shared/quotas/owned-resources";
import { executionStates } from "#shared/schedules/execution-states";
import { addRun, countedRuns } from "#shared/schedules/run-records";
import { type Agent, agents } from "#shared/store/agents";
import { patch } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import { type Schedule, schedules } from "#shared/store/schedules";

const ScheduleTriggered = z.object({
  triggered: z.literal(true),
  runId: z.string(),
  thread: ThreadBody,
  message: z.string(),
});

export const runSchedule = change({
  endpoint: "POST /v1/schedules/:scheduleId/trigger",
  summary:
    "Run a schedule's task now, in a new thread and with this request's key. An Idempotency-Key makes repeating it harmless.",
  authenticate: "api-key",
  scope: "execute",
  needsToo: toStartLater,
  params: z.object({ scheduleId: idSchema("schedule") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "execution.started",
  refusals: ["FORBIDDEN", "MODEL_NOT_OFFERED", "QUOTA_REACHED", "NETWORK_NOT_ALLOWED"],
  reply: { 200: ScheduleTriggered },
  read: async ({ caller: { owner }, params: { scheduleId }, ids, repeated, deps }) => {
    const { store } = deps;
    const found = await store.require(schedules.of(owner, scheduleId));
    const { environmentId, agentId, uncounted } = found.value;
    const request = ["schedule-trigger", scheduleId];
    const [counted, environment, agent, states, start] = await allInOrder([
      countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
      store.require(environments.of(owner, environmentId)),
      existing("agent", agentId, (id) => store.get(agents.of(owner, id))),
      executionStates(store, owner, uncounted),
      readEarlierStart(store, owner, { ids, request }),
    ]);
    const ticketSecret = deps.random(ticketRandomBytes).toString("hex");
    return { found, environment, agent, states, counted, ticketSecret, start };
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: ({ caller: { owner }, data }) => {
      const { earlier } = data.start;
      return earlier && { isSame: earlier.isSame, answer: () => replyOf(owner, data, earlier) };
    },
  },
  auditTask: ({ found }) => found.value.task,
  decide({ caller: { owner, key }, data, account, request, ids, now }) {
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { ref, value, version } = data.found;
    const { counted, ticketSecret, agent } = data;
    const environment = data.environment.value;
    const start = { owner, key, messageId: ids.next("message"), now };
    const threadId = ids.next("thread");
    const metadata = { scheduleId: value.id, scheduledFor: iso(now) };
    const started = startOnNewThread(
      start,
      {
        ...{ content: value.task, title: value.name, environment, agent, threadId, ticketSecret },
        ...{ projectId: value.projectId, appId: value.appId, requestId: request.id },
        metadataJson: toJsonText(metadata),
        source: "schedule",
        executionId: data.start.executionId,
        requestSha256: data.start.requestSha256,
      },
      { account, counted },
    );
    const { execution } = started;
    const run = { id: ids.next("scheduleRun"), status: "started", cause: "request" } as const;
    const record = { ...run, scheduledFor: now, threadId, executionId: execution.id };
    const fields = countedRuns(value, data.states, { executionId: execution.id, now });
    return {
      writes: [
        ...started.writes,
        patch(ref, fields, { version }),
        addRun(owner, value.id, { ...record, createdAt: now }),
      ],
      account: started.account,
      limit: started.limit,
      subject: execution.id,
      facts: { ...started.facts, scheduleId: value.id },
      reply: replyOf(owner, data, started),
      started,
    };
  },
  after: async ({ caller: { owner }, decided: { started }, version, deps }) => {
    const { execution, ticket } = started;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  },
});

type Shown = Pick<NonNullable<EarlierStart["earlier"]>, "execution" | "thread">;

function replyOf(
  { id: ownerId }: Owner,
  { found, environment, agent }: Named,
  { execution, thread }: Shown,
) {
  const names = { environmentName: environment.value.name, agentName: agent?.value.name ?? null };
  return ok({
    triggered: true as const,
    runId: execution.id,
    thread: threadBody(thread, { ...names, ownerId }),
    message: `${found.value.name} runs now.`,
  });
}

interface Named {
  readonly found: { readonly value: Schedule };
  readonly environment: { readonly value: Environment };
  readonly agent: { readonly value: Agent } | null;
}
