/** The egress log as the API shows it. */
import * as z from "zod";
import { EgressAttempt } from "../protocol/runner.ts";
import { iso, listOf } from "./common.ts";

const EgressEntry = EgressAttempt.extend({
  at: z.string(),
  /**
   * The end of the connection isn't known: it is still open, or its runner died. Bytes are 0 then.
   */
  open: z.boolean(),
});

export const EgressList = listOf(EgressEntry).extend({
  /** How many attempts were dropped from the list because they came too fast. */
  cut_count: z.int(),
});

export function egressEntry(attempt: EgressAttempt): z.input<typeof EgressEntry> {
  return { ...attempt, at: iso(attempt.at), open: attempt.open ?? false };
}
