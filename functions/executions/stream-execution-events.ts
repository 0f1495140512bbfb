import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import { eventStream } from "#shared/executions/event-stream";
import { markReader } from "#shared/executions/mark-reader";
import { ResumeQuery, refusedPoint, resumePoint } from "#shared/executions/resume-point";
import { fromItsStart, requireEvent } from "#shared/executions/stream-start";
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
    const point = resumePoint(request.lastEventId, query);
    if (point !== null && (point.executionId ?? executionId) !== executionId) {
      throw refusedPoint(point.field, "names an event of another execution");
    }
    const start = fromItsStart(await markReader(deps, owner, executionId));
    if (point === null) return start;
    await requireEvent(deps, owner, { execution: start.execution, point });
    return { ...start, afterNumber: point.number };
  },
  decide(context) {
    return { writes: [], reply: eventStream(context, context.data) };
  },
});
