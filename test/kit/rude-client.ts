/** Clients that send and read at odd times, and what they see of an answer. */
import { once } from "node:events";
import { connect } from "node:net";

export interface Seen {
  readonly text: string;
  /** The error that ended the connection, if there was one. */
  readonly error: string | null;
}

/**
 * Writes every part before it reads anything. Each part waits until the one before is written and,
 * if given, `pause` has resolved. Then it reads to the end.
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

/** The status of the first final answer; 100 isn't one. */
export function statusOf({ text }: Seen): number {
  return Number(/HTTP\/1\.1 ((?!100)\d{3}) /.exec(text)?.[1] ?? 0);
}
