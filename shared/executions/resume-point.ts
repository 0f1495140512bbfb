import * as z from "zod";
import { ApiError } from "../errors/api-error.ts";

const EventId = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,8})$/, "the number of an event, as its id: line has it")
  .transform(Number);

/** `after` is for clients that can't set a header. */
export const ResumeQuery = z.object({ after: EventId.optional() });

/**
 * The last event a reader has; null for none. The header is believed before the query: a browser
 * repeats the query it began with, and adds the header.
 * @throws {ApiError} `VALIDATION_FAILED` for a header that is no event's number.
 */
export function resumePoint(
  lastEventId: string | null,
  query: z.output<typeof ResumeQuery>,
): number | null {
  if (lastEventId === null) return query.after ?? null;
  const parsed = EventId.safeParse(lastEventId);
  if (parsed.success) return parsed.data;
  const details = [{ field: "Last-Event-ID", message: "the number of an event" }];
  throw new ApiError("VALIDATION_FAILED", { details });
}
