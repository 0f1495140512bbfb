/** The ends of a span of time in a query, in UTC. */
import * as z from "zod";

const dayMs = 86_400_000;

/** The SDK sends instants, people send days: `2026-11-23` means the day's first or last moment. */
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const day = z.iso.date().transform((text) => Date.parse(text));
const timeOrDay = "must be a time or a day, such as 2026-01-31T00:00:00Z or 2026-01-31";
export const from = z.union([instant, day], timeOrDay).optional();
export const until = z
  .union([instant, day.transform((dayStart) => dayStart + dayMs - 1)], timeOrDay)
  .optional();
