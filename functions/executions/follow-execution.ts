import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import { eventStream } from "#shared/executions/event-stream";
import { readAlong } from "#shared/executions/read-along";
import { ResumeQuery, resumePoint } from "#shared/executions/resume-point";
import { route } from "#shared/pipeline/route";

export const followExecution = route({
  answers: "GET /v1/executions/:executionId/events",
  summary: "Stream an execution's events, while it runs and afterwards; resume with Last-Event-ID.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ executionId: idSchema("execution") }),
  query: ResumeQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: "stream", 204: "stream" },
  read: async ({ caller: { owner }, params: { executionId }, query, request, deps }) => {
    const afterId = resumePoint(request.lastEventId, query);
    return { afterId, execution: await readAlong(deps, owner, executionId) };
  },
  decide(context) {
    const { execution, afterId } = context.data;
    return { writes: [], reply: eventStream(context, execution, afterId) };
  },
});
