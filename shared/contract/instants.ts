/** The ends of a span of time in a query, in UTC. */
import * as z from "zod";

const dayMs = 86_400_000;

/** The SDK sends instants, people send days: `2026-11-23` means the day's first or last moment. */
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const day = z.iso.date().transform((text) => Date.parse(text));
export const from = z.union([instant, day]).optional();
export const until = z
  .union([instant, day.transform((dayStart) => dayStart + dayMs - 1)])
  .optional();
