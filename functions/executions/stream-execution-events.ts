import * as z from "zod";
import { idSchema } from "#shared/core/ids";
import { resumableStream } from "#shared/executions/resumable-stream";
import { refusedPoint, resumePoint } from "#shared/executions/resume-point";
import { requireShown } from "#shared/executions/shown-execution";
import { requireEvent } from "#shared/executions/stream-start";
import { action } from "#shared/pipeline/route";

export const followExecution = action({
  ...resumableStream,
  endpoint: "GET /v1/executions/:executionId/events",
  summary: "Stream an execution's events, while it runs or later; resume with Last-Event-ID.",
  params: z.object({ executionId: idSchema("execution") }),
  read: async ({ caller: { owner }, params: { executionId }, query, request, deps }) => {
    const point = resumePoint(request.lastEventId, query);
    if (point !== null && (point.executionId ?? executionId) !== executionId) {
      throw refusedPoint(point.field, "names an event of another execution");
    }
    const found = await requireShown(deps.store, owner, executionId);
    if (point !== null) await requireEvent(deps.store, owner, { execution: found.value, point });
    return { found, afterNumber: point?.number ?? null, newestId: executionId };
  },
});
