/** The span of time that a question about spending covers, in UTC. */
import * as z from "zod";
import { from, until } from "#shared/contract/instants";
import { ApiError } from "#shared/errors/api-error";

const dayMs = 86_400_000;

export const periods = ["day", "week", "month", "year", "all"] as const;

export const PeriodQuery = z.object({
  period: z.enum(periods).default("month"),
  startDate: from,
  endDate: until,
});

/** `days` is the number of days in a list, today included. */
export const lastDays = z.object({ days: z.coerce.number().int().min(1).max(92).default(30) });

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The current calendar day, week (from Monday), month or year; explicit ends take precedence. */
export function spanOf(
  query: Partial<z.output<typeof PeriodQuery>> & Pick<z.output<typeof PeriodQuery>, "period">,
  known: { readonly createdAt: number; readonly now: number },
): Span {
  const span = {
    from: query.startDate ?? beginOf(query.period, known),
    to: query.endDate ?? known.now,
  };
  if (span.from <= span.to) return span;
  const details = [{ field: "startDate", message: "must not be after the end" }];
  throw new ApiError("VALIDATION_FAILED", {
    message: "The period ends before it begins.",
    details,
  });
}

function beginOf(
  period: (typeof periods)[number],
  { createdAt, now }: { readonly createdAt: number; readonly now: number },
): number {
  const date = new Date(now);
  const [year, month, today] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const sinceMonday = (date.getUTCDay() + 6) % 7;
  const begins = {
    day: Date.UTC(year, month, today),
    week: Date.UTC(year, month, today - sinceMonday),
    month: Date.UTC(year, month),
    year: Date.UTC(year, 0),
    all: createdAt,
  };
  return begins[period];
}

/** The UTC days of `span` since the account was made, oldest first; at most the newest `max`. */
export function daysOf(
  span: Span,
  bounds: { readonly createdAt: number; readonly now: number; readonly max: number },
): readonly Span[] {
  const first = floorToDay(Math.max(span.from, bounds.createdAt));
  const last = floorToDay(Math.min(span.to, bounds.now));
  const count = Math.max(0, Math.min(bounds.max, (last - first) / dayMs + 1));
  return Array.from({ length: count }, (_, index) => {
    const begins = last - (count - 1 - index) * dayMs;
    const ends = begins + dayMs - 1;
    return { from: Math.max(begins, span.from), to: Math.min(ends, span.to) };
  });
}

function floorToDay(timeMs: number): number {
  return timeMs - (((timeMs % dayMs) + dayMs) % dayMs);
}
