/** Clients that send as they please and read when they please: what they see of an answer. */
import { once } from "node:events";
import { connect } from "node:net";

export interface Seen {
  readonly text: string;
  /** What ended the connection, if it didn't end as connections do. */
  readonly error: string | null;
}

/**
 * Writes every part before it reads anything: each part once the one before is written and, if
 * given, `between` has resolved. Then it reads to the end.
 */
export async function writeEverythingFirst(
  port: number,
  parts: readonly (string | Buffer)[],
  pause: () => Promise<unknown> = async () => undefined,
): Promise<Seen> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let error: string | null = null;
  socket.on("error", (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message;
  });
  const closed = once(socket, "close").catch(() => undefined);
  await once(socket, "connect");
  socket.pause();
  for (const [index, part] of parts.entries()) {
    if (index > 0) await pause();
    if (socket.destroyed) break;
    await new Promise((resolve) => socket.write(part, resolve));
  }
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.once("end", () => socket.end());
  socket.resume();
  await closed;
  return { text: Buffer.concat(chunks).toString("latin1"), error };
}

/** Of the first answer that is one: being asked for a body isn't. */
export function statusOf({ text }: Seen): number {
  return Number(/HTTP\/1\.1 ((?!100)\d{3}) /.exec(text)?.[1] ?? 0);
}
