import type { Pieces } from "../limits/paced-work.ts";
import { throwIfAbandoned } from "../store/owner-turns.ts";

/**
 * Runs the steps, and leaves other requests two thirds of the time.
 * @param piece What rests between them.
 * @param signal Aborted when the client has gone; null if it can't go.
 * @throws {ApiError} `UNAVAILABLE` if the client has gone. It sends its request again, so this work
 * would be done twice.
 */
export async function runPaced<T>(
  steps: Generator<void, T>,
  piece: Pieces,
  signal: AbortSignal | null,
): Promise<T> {
  for (;;) {
    const step = await piece(() => steps.next());
    if (step.done === true) return step.value;
    if (signal !== null) throwIfAbandoned(signal);
  }
}
