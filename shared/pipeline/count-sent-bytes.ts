import { onceClosed } from "../http/once-closed.ts";
import type { Owner } from "../identity/owner.ts";
import type { SentByteCounter } from "../quotas/sent-byte-counter.ts";
import type { Exchange } from "./parse-and-read.ts";
import type { Route } from "./route.ts";

interface Sender {
  readonly owner: Owner;
  readonly counter: SentByteCounter;
}

/**
 * Counts an answer's bytes on the wire once it is sent or its reader is gone. Files are counted
 * before they are sent (`count-download.ts`). If a client sends its next request before it has this
 * answer, bytes of this answer that are still to be sent count twice.
 */
export function countSentBytes(
  route: Route,
  { request, response }: Exchange,
  { owner, counter }: Sender,
): void {
  if (sendsFiles(route)) return;
  const { socket } = request;
  const before = socket.bytesWritten;
  onceClosed(response, () => void counter.add(owner, socket.bytesWritten - before));
}

/**
 * Called as soon as it is known that a request changes nothing and is answered with a stream: at
 * once for a route that can't change anything, and after the decision for all others, because a
 * repeated change streams again what it made.
 * @throws {ApiError} `RATE_LIMITED` if the day's bytes are used up.
 */
export function requireRoomToStream(route: Route, { owner, counter }: Sender): void {
  if (!sendsFiles(route)) counter.requireRoom(owner.id);
}

function sendsFiles({ reply }: Route): boolean {
  return Object.values(reply).includes("bytes");
}
