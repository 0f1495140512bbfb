/** The point where a stream resumes: after the last event `id:` that the reader received. */
import * as z from "zod";
import { idSchema } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";

export interface ResumePoint {
  /** The event's execution; null if only a number was sent, as in older streams. */
  readonly executionId: string | null;
  readonly number: number;
  /** The field of the request that said so. */
  readonly field: "Last-Event-ID" | "after";
}

const numberForm = /^(?:0|[1-9][0-9]{0,8})$/;
const executionForm = idSchema("execution");
const wanted = "must be an event's id as its id: line has it, such as run_….5";

/** An event's id in streams; an event has the same id in every stream. */
export function eventId(executionId: string, number: number): string {
  return `${executionId}.${number}`;
}

const EventId = z.string().transform((text, context) => {
  const dot = text.indexOf(".");
  const executionId = dot === -1 ? null : text.slice(0, dot);
  const number = text.slice(dot + 1);
  const isKnown = executionId === null || executionForm.safeParse(executionId).success;
  if (isKnown && numberForm.test(number)) return { executionId, number: Number(number) };
  context.addIssue({ code: "custom", message: wanted });
  return z.NEVER;
});

/** `after` is for clients that can't set a header. */
export const ResumeQuery = z.object({ after: EventId.optional() });

/**
 * The last event that a reader has; null for none. The header overrides the query, because a
 * browser repeats its first query and adds the header.
 * @throws {ApiError} `VALIDATION_FAILED` for a header that isn't an event's id.
 */
export function resumePoint(
  lastEventId: string | null,
  query: z.output<typeof ResumeQuery>,
): ResumePoint | null {
  if (lastEventId === null) return query.after ? { ...query.after, field: "after" } : null;
  const parsed = EventId.safeParse(lastEventId);
  if (parsed.success) return { ...parsed.data, field: "Last-Event-ID" };
  throw refusedPoint("Last-Event-ID", wanted);
}

/**
 * @param message Says what is wrong, and continues a sentence that begins with the field's name.
 */
export function refusedPoint(field: ResumePoint["field"], message: string): ApiError {
  const details = [{ field, message }];
  return new ApiError("VALIDATION_FAILED", { message: `${field} ${message}.`, details });
}

/**
 * The execution whose stream is resumed.
 * @param known The execution that a number alone belongs to; null if there are several.
 * @throws {ApiError} `VALIDATION_FAILED` if the point doesn't say which execution it means.
 */
export function resumedExecution(point: ResumePoint, known: string | null): string {
  const executionId = point.executionId ?? known;
  if (executionId !== null) return executionId;
  const message =
    "doesn't say which of the thread's executions it belongs to: send the whole id, such as run_….5";
  throw refusedPoint(point.field, message);
}
