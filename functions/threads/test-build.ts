import * as z from "zod";
import type { BuildTested } from "#shared/contract/build";
import { noQuery, ok } from "#shared/contract/common";
import { layerFaults, needsLayer } from "#shared/core/layers/layer";
import { answerText } from "#shared/executions/event-bodies";
import { jsonAtEnd } from "#shared/executions/json-at-end";
import type { StreamReader } from "#shared/executions/sse-stream";
import { startedFacts } from "#shared/executions/start-execution";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { type Execution, hasEnded } from "#shared/store/executions";
import { inEnvironment } from "./change-build.ts";
import { dispatchBuild, earlierBuild, readForBuild, startIn } from "./start-build.ts";

/** Clients wait for a minute. */
const waitMsMax = 50_000;

export const testBuild = change({
  endpoint: "POST /v1/environments/:environmentId/build/test",
  summary: "Build and throw away what was made; the answer comes at the end, or after 50 seconds.",
  authenticate: "api-key",
  scope: "environments:write",
  // Also of a request that only repeats one, since it is answered with what the build printed.
  needsToo: { scopes: ["execute"] },
  params: inEnvironment,
  query: noQuery,
  body: z.object({}),
  bodyBytesMax: jsonBytesMax,
  requestClass: "executions",
  beforeConfirmed: "reads",
  account: "hold",
  audit: "execution.started",
  refusals: ["FORBIDDEN", "QUOTA_REACHED"],
  reply: { 200: "stream" },
  read: async (context) => await readForBuild(context, "test"),
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    earlier: (context) => earlierBuild(context.data, (execution) => answerOf(context, execution)),
  },
  decide(context) {
    const { data, request } = context;
    const { value: environment } = data.environment;
    const faults = layerFaults(environment);
    if (faults.length > 0 || !needsLayer(environment)) {
      const nothing = "There is nothing to build.";
      const success = faults.length === 0;
      const message = success ? nothing : "It can't be built.";
      const error = success ? null : faults.join(" ");
      return { writes: [], reply: ok(answer({ success, message, error })), started: null };
    }
    const started = startIn(context, data, { environment, isTest: true });
    const { execution } = started;
    return {
      writes: started.writes,
      account: started.account,
      limit: started.limit,
      subject: execution.id,
      facts: startedFacts(execution, request.id),
      reply: answerOf(context, execution),
      started,
    };
  },
  after: async (context) => await dispatchBuild(context, context.decided.started, context.version),
});

function answerOf(context: StreamReader, execution: Execution) {
  return jsonAtEnd(context, execution, { bodyOf: tested, waitMsMax });
}

function tested(execution: Execution): z.input<typeof BuildTested> {
  const { createdAt, endedAt, status, threadId } = execution;
  if (!hasEnded(execution) || endedAt === null) {
    const message = `It hasn't ended after ${waitMsMax / 1_000} seconds; follow thread ${threadId}.`;
    return answer({ success: false, message, error: null, duration: waitMsMax });
  }
  const logs = execution.output ?? "";
  const duration = endedAt - createdAt;
  if (status === "success") {
    return answer({ success: true, message: "It can be built.", error: null, logs, duration });
  }
  const error = answerText({ ...execution, output: null });
  return answer({ success: false, message: "The build failed.", error, logs, duration });
}

function answer({
  success,
  message,
  error,
  logs = "",
  duration = 0,
}: Pick<z.input<typeof BuildTested>, "success" | "message" | "error"> & {
  readonly logs?: string;
  readonly duration?: number;
}): z.input<typeof BuildTested> {
  return { success, logs, duration, imageTag: null, message, error };
}
