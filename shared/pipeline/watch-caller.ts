/**
 * Cuts an answer that is still being sent once its caller may get nothing more: its key was revoked
 * or contained, its account suspended, its scope taken away. A client that follows events or
 * downloads for a quarter of an hour would otherwise get all of it (INC-4).
 */
import type { ServerResponse } from "node:http";
import { onceClosed } from "../http/once-closed.ts";

/** How often a caller is looked up. Answers of one key share what was read within a second. */
const lookedUpMs = 5_000;
/** So many look-ups in a row may fail before the answer is cut. */
const failuresMax = 6;

/**
 * @param isAllowed May throw, if that can't be found out now.
 * @returns ends the watch, which also ends with the response.
 */
export function watchCaller(
  response: Pick<ServerResponse, "once" | "closed" | "destroy">,
  isAllowed: () => Promise<boolean>,
): () => void {
  let [failures, isUnderWay] = [0, false];
  const look = async () => {
    isUnderWay = true;
    try {
      const allowed = await isAllowed();
      failures = 0;
      if (!allowed) response.destroy();
    } catch {
      failures += 1;
      if (failures >= failuresMax) response.destroy();
    } finally {
      isUnderWay = false;
    }
  };
  const timer = setInterval(() => {
    if (!isUnderWay) void look();
  }, lookedUpMs).unref();
  const end = () => clearInterval(timer);
  onceClosed(response, end);
  return end;
}
