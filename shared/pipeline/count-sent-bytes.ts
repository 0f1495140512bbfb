import type { Owner } from "../identity/owner.ts";
import type { SentAnswers } from "../quotas/sent-answers.ts";
import type { Exchange } from "./prepare-request.ts";
import type { Route } from "./route.ts";

/**
 * Counts what an answer comes to on the wire once it is sent, or its reader is gone. Files count
 * before they are sent (`count-download.ts`). Of a connection whose client sends a request before
 * the last one's answer has come, what is left of that answer counts twice.
 * @throws {ApiError} `RATE_LIMITED` for what only reads a stream, if the day's bytes are used up.
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
  response.once("close", () => void sent.add(owner, socket.bytesWritten - before));
}
