import { onceClosed } from "../http/once-closed.ts";
import type { Owner } from "../identity/owner.ts";
import type { SentAnswers } from "../quotas/sent-answers.ts";
import type { Exchange } from "./prepare-request.ts";
import type { Route } from "./route.ts";

/**
 * Counts an answer's bytes on the wire once it is sent or its reader is gone. Files are counted
 * before they are sent (`count-download.ts`). If a client sends its next request before it has this
 * answer, bytes of this answer that are still to be sent count twice.
 * @throws {ApiError} `RATE_LIMITED` for a request that only reads a stream, if the day's bytes are
 * used up.
 */
export function countSentBytes(
  { method, streams, reply }: Route,
  { request, response }: Exchange,
  { owner, sent }: { readonly owner: Owner; readonly sent: SentAnswers },
): void {
  if (Object.values(reply).includes("bytes")) return;
  if (streams && method === "GET") sent.requireRoom(owner.id);
  const { socket } = request;
  const before = socket.bytesWritten;
  onceClosed(response, () => void sent.add(owner, socket.bytesWritten - before));
}
