import { type GoogleAnswer, isAboutIt } from "../google/api.ts";
import { Stop } from "../print.ts";

/**
 * What was asked for; null if Google says that it isn't there, or isn't to be seen.
 * @param unseen What the user is told if Google says nothing of it now, from its own message.
 * @throws {Stop} then: it may be there, and a deployment would go on as if it weren't.
 */
export function ifThere<T>(answer: GoogleAnswer<T>, unseen: (message: string) => string): T | null {
  if (answer.ok) return answer.value;
  if (isAboutIt(answer)) return null;
  throw new Stop(unseen(answer.message));
}
