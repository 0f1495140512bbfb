/** The egress log as the API shows it. */
import * as z from "zod";
import { EgressAttempt } from "../protocol/runner.ts";
import { iso, listOf } from "./common.ts";

const EgressEntry = EgressAttempt.extend({
  at: z.string(),
  /** Its end isn't known: it goes on, or went down with its runner. Bytes are 0 until it is. */
  open: z.boolean(),
});

export const EgressList = listOf(EgressEntry).extend({
  /** Attempts that aren't listed: there were too many, too fast. */
  cut_count: z.int(),
});

export function egressEntry(attempt: EgressAttempt): z.input<typeof EgressEntry> {
  return { ...attempt, at: iso(attempt.at), open: attempt.open ?? false };
}
