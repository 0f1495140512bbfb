/** The traffic of CONNECT: inspected until its host is certain, then moved unchanged. */
import type { Socket } from "node:net";
import { type Host, parseHost } from "#shared/core/network/network-policy";
import { helloBytesMax, readGreeting } from "./client-hello.ts";
import { pipeWithQuota } from "./pipe-with-quota.ts";
import { EgressRefusal } from "./refusal.ts";

/** A client that sends nothing for this long after CONNECT is disconnected. */
const greetingTimeoutMs = 10_000;
/** No client needs more pieces for a hello; each piece means parsing from the start. */
const greetingPiecesMax = 32;
/** Ends a connection that has one side silent or gone while the other stays open. */
export const idleTimeoutMs = 600_000;
const halfOpenTimeoutMs = 60_000;

/** How a tunnel begins; the inspected bytes are put back to be read again. */
export type Opening = "tls" | "plain" | "empty";

/**
 * Waits for the client's first bytes: a TLS hello for `host`, or something else.
 *
 * @throws {EgressRefusal} `sni_missing`, `sni_mismatch`, `malformed_request` or `timed_out`.
 */
export async function readOpening(client: Socket, head: Buffer, host: Host): Promise<Opening> {
  let seen = head;
  let pieces = 0;
  for (;;) {
    const greeting = readGreeting(seen);
    if (greeting.kind !== "incomplete") {
      if (greeting.kind === "malformed") throw new EgressRefusal("malformed_request");
      if (greeting.kind === "tls") requireName(greeting.serverName, host);
      client.unshift(seen);
      return greeting.kind === "tls" ? "tls" : "plain";
    }
    pieces += 1;
    if (pieces > greetingPiecesMax) throw new EgressRefusal("malformed_request");
    const piece = await nextPiece(client);
    if (piece === null) return "empty";
    seen = Buffer.concat([seen, piece]);
    if (seen.length > 2 * helloBytesMax) throw new EgressRefusal("malformed_request");
  }
}

function requireName(serverName: string | null, host: Host): void {
  if (serverName === null) throw new EgressRefusal("sni_missing");
  const asked = parseHost(serverName);
  if (asked?.name !== host.name) {
    throw new EgressRefusal("sni_mismatch", { detail: `SNI ${JSON.stringify(serverName)}` });
  }
}

/** Null if the client ends, or has ended. */
async function nextPiece(client: Socket): Promise<Buffer | null> {
  if (client.readableEnded || client.destroyed) return null;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new EgressRefusal("timed_out"))),
      greetingTimeoutMs,
    );
    const onData = (piece: Buffer) => settle(() => resolve(piece));
    const onEnd = () => settle(() => resolve(null));
    const settle = (tell: () => void) => {
      clearTimeout(timer);
      client.pause();
      client.off("data", onData).off("end", onEnd).off("close", onEnd);
      tell();
    };
    client.once("data", onData).once("end", onEnd).once("close", onEnd);
    client.resume();
  });
}

/** Resolves when both sides are gone, however they ended. */
export function joinSockets(
  client: Socket,
  upstream: Socket,
  pass: (bytes: number) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const sides = [client, upstream];
    const destroyBoth = () => {
      for (const side of sides) side.destroy();
    };
    const open = new Set(sides.filter((side) => !side.closed));
    if (open.size < sides.length) destroyBoth();
    if (open.size === 0) resolve();
    for (const side of sides) {
      side.setTimeout(idleTimeoutMs, destroyBoth);
      side.once("end", () => {
        for (const one of sides) one.setTimeout(halfOpenTimeoutMs);
      });
      side.once("close", () => {
        open.delete(side);
        // A side that vanished without an end takes the other with it.
        if (!side.readableEnded) destroyBoth();
        if (open.size === 0) resolve();
      });
    }
    pipeWithQuota(client, upstream, pass);
    pipeWithQuota(upstream, client, pass);
  });
}
