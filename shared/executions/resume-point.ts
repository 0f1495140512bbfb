/** Where a stream goes on: after the event whose `id:` line the reader had last. */
import * as z from "zod";
import { idSchema } from "../core/ids.ts";
import { ApiError } from "../errors/api-error.ts";

export interface ResumePoint {
  /** Which execution's event it is; null where the number alone was sent, as of older streams. */
  readonly executionId: string | null;
  readonly number: number;
  /** Where the client said so. */
  readonly field: "Last-Event-ID" | "after";
}

const numberForm = /^(?:0|[1-9][0-9]{0,8})$/;
const executionForm = idSchema("execution");
const wanted = "must be an event's id as its id: line has it, such as run_….5";

/** An event's id on the wire; the same event has the same one in every stream. */
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
 * The last event a reader has; null for none. The header is believed before the query: a browser
 * repeats the query it began with, and adds the header.
 * @throws {ApiError} `VALIDATION_FAILED` for a header that is no event's id.
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

/** @param message what is wrong, as a sentence goes on behind the field's name. */
export function refusedPoint(field: ResumePoint["field"], message: string): ApiError {
  const details = [{ field, message }];
  return new ApiError("VALIDATION_FAILED", { message: `${field} ${message}.`, details });
}

/**
 * Which execution's stream goes on.
 * @param known the execution that a number alone can belong to; null if there are several.
 * @throws {ApiError} `VALIDATION_FAILED` where that can't be told.
 */
export function resumedExecution(point: ResumePoint, known: string | null): string {
  const executionId = point.executionId ?? known;
  if (executionId !== null) return executionId;
  const message =
    "doesn't say which of the thread's executions it belongs to: send the whole id, such as run_….5";
  throw refusedPoint(point.field, message);
}
