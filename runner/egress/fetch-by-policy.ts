/**
 * `fetch` for the supervisor's own requests on behalf of a task. Each is decided, pinned, counted
 * and recorded like the sandbox's own; redirects are answers, and nothing is kept between requests.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect as connectTls, rootCertificates } from "node:tls";
import { Pieces } from "#shared/http/pieces";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import type { OutboundConnection } from "./outbound-connections.ts";
import type { Reach } from "./reach.ts";
import { ValueCount } from "./value-count.ts";

export type FetchByPolicy = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** How long a host may be silent. */
const idleMs = 120_000;
/**
 * Who reads an answer keeps what came of a line, or of the whole, piece by piece, and each takes
 * memory beside its own: a host may send them of a byte.
 */
const pieceBytesMin = 64 * 1024;
const [lineFeed, carriageReturn] = [0x0a, 0x0d];
/** Answers with these have no body, and `Response` takes none. */
const bodiless = new Set([204, 205, 304]);

/**
 * Asked before so many more bytes are kept of messages that don't end yet, or told of fewer by a
 * negative number. False says that they don't fit, and then they don't count.
 */
export type Hold = (changeBytes: number) => boolean;

/**
 * @param answerBytesMax A longer answer is broken off, and so is one of too many JSON values.
 * @param hold For all answers that are open at once; one that doesn't fit is broken off.
 */
export function fetchByPolicy(
  reach: Reach,
  answerBytesMax: number,
  hold: Hold = () => true,
): FetchByPolicy {
  return (input, init = {}) => {
    const url = new URL(input);
    const isTls = url.protocol === "https:";
    if (!isTls && url.protocol !== "http:") {
      return Promise.reject(new TypeError("Only http and https addresses are called."));
    }
    const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
    const answered = Promise.withResolvers<Response>();
    const exchange = (connection: OutboundConnection) =>
      carry({ url, init, answerBytesMax, hold, roots: reach.roots, ...connection }, answered);
    reach.connect({ host: url.hostname, port }, exchange).catch(answered.reject);
    return answered.promise;
  };
}

interface Exchange extends OutboundConnection {
  readonly url: URL;
  readonly init: RequestInit;
  readonly answerBytesMax: number;
  readonly hold: Hold;
  readonly roots: readonly string[] | null;
}

/** Resolves when the connection can be closed. */
function carry(exchange: Exchange, answered: PromiseWithResolvers<Response>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const outgoing = ask(exchange);
  const fail = (error: unknown) => {
    answered.reject(error);
    outgoing.destroy();
    over.resolve();
  };
  outgoing.on("error", fail);
  outgoing.once("close", over.resolve);
  refuseStrangeAnswers(outgoing, fail);
  outgoing.once("response", (answer) => {
    try {
      answered.resolve(responseOf(answer, exchange));
    } catch (error) {
      fail(error);
    }
  });
  const { body } = exchange.init;
  if (typeof body === "string") exchange.pass(Buffer.byteLength(body));
  outgoing.end(typeof body === "string" ? body : undefined);
  return over.promise;
}

function ask({ url, init, host, pinned, roots }: Exchange): ClientRequest {
  const { socket } = pinned;
  const isTls = url.protocol === "https:";
  const outer = isTls
    ? connectTls({
        socket,
        // An address is no server name, and yet what the certificate must be for.
        host: host.name,
        servername: host.kind === "name" ? host.name : "",
        ca: [...(roots ?? rootCertificates)],
        minVersion: "TLSv1.2",
        ALPNProtocols: ["http/1.1"],
      })
    : socket;
  socket.setTimeout(idleMs, () => socket.destroy(new Error("It was silent for too long.")));
  const headers = new Headers(init.headers);
  headers.set("host", url.host);
  headers.set("connection", "close");
  // A compressed answer could be far larger than what was counted.
  headers.set("accept-encoding", "identity");
  return request({
    createConnection: () => outer,
    method: init.method ?? "GET",
    path: url.pathname + url.search,
    headers: Object.fromEntries(headers),
    insecureHTTPParser: false,
    ...(init.signal && { signal: init.signal }),
  });
}

function responseOf(answer: IncomingMessage, exchange: Exchange): Response {
  const { answerBytesMax, hold, pass } = exchange;
  const status = answer.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of [value].flat()) if (each !== undefined) headers.append(name, each);
  }
  if (bodiless.has(status)) {
    // What follows such an answer is none of it, and would be read without end.
    answer.destroy();
    return new Response(null, { status, headers });
  }
  let bytes = 0;
  const isStream = /^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "");
  const values = new ValueCount(isStream ? "event" : "answer");
  const gathered = new Pieces();
  let held = 0;
  const holds = (heldBytes: number) => {
    if (!hold(heldBytes - held)) return false;
    held = heldBytes;
    return true;
  };
  answer.once("close", () => holds(0));
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      answer.on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > answerBytesMax) answer.destroy(new Error("Its answer is too large."));
        if (!values.take(piece)) answer.destroy(new Error("Its answer holds too many values."));
        if (!holds(values.messageBytes)) answer.destroy(new Error("Its answers are too large."));
        if (!pass(piece.length)) answer.destroy(new Error("No more bytes may pass."));
        if (answer.destroyed) return;
        gathered.add(piece);
        if (gathered.bytes < pieceBytesMin && !(isStream && endsLine(piece))) return;
        controller.enqueue(new Uint8Array(gathered.take()));
        if ((controller.desiredSize ?? 0) <= 0) answer.pause();
      });
      // It may still end after it was cancelled; closing again would be an error of this process.
      answer.once("end", () => {
        if (isCancelled) return;
        if (gathered.bytes > 0) controller.enqueue(new Uint8Array(gathered.take()));
        controller.close();
      });
      answer.once("error", (error) => controller.error(error));
    },
    pull: () => void answer.resume(),
    cancel: () => {
      isCancelled = true;
      answer.destroy();
    },
  });
  return new Response(body, { status, headers });
}

function endsLine(piece: Buffer): boolean {
  return piece.includes(lineFeed) || piece.includes(carriageReturn);
}
