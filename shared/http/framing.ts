/**
 * The one place that frames HTTP/1 messages which are passed on for somebody else: the local edge,
 * the egress proxy and the exchange with hosts that secrets are bound to all forward through it.
 * What the next server reads must end where the sender's message was judged to end; otherwise a
 * part of a body is read as a request that nobody judged (RFC 9112, 11.2).
 */

/** Where a message says that its body ends. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** A message whose end two readers could see in two places. It is refused, never repaired. */
export class FramingError extends Error {
  override readonly name = "FramingError";
}

/** What is needed of Node's `IncomingMessage`. */
export interface ReceivedMessage {
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
}

export interface ReceivedRequest extends ReceivedMessage {
  readonly method?: string | undefined;
}

export type Header = readonly [name: string, value: string];

const framingNames = ["content-length", "transfer-encoding"];
/** RFC 9110, 7.6.1: these concern two neighbours alone; and so do a proxy's credentials. */
const hopByHop = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);
/** A `Connection` header can't name these: what frames or addresses a message stays with it. */
const neverNamed = new Set([...framingNames, "host"]);
/** Methods whose bodies mean nothing. Servers exist that don't look for one, and read on. */
const bodiless = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"]);
const lengthForm = /^[0-9]{1,15}$/;

/** @throws {FramingError} */
export function framingOf({ rawHeaders, httpVersion }: ReceivedMessage): Framing {
  const lengths = valuesOf(rawHeaders, "content-length");
  const codings = valuesOf(rawHeaders, "transfer-encoding");
  const [length, coding] = [lengths[0], codings[0]];
  if (coding !== undefined) {
    if (length !== undefined) throw new FramingError("It has a length and a transfer coding.");
    // Other codings change the bytes, and not every reader undoes the same ones.
    const isChunked = codings.length === 1 && coding.trim().toLowerCase() === "chunked";
    if (!isChunked) throw new FramingError("Its only transfer coding must be chunked.");
    if (httpVersion !== "1.1") throw new FramingError("HTTP/1.0 has no transfer codings.");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  const isOne = lengths.length === 1 && lengthForm.test(length.trim());
  if (!isOne) throw new FramingError("Its length must be one number.");
  return { kind: "length", bytes: Number(length) };
}

export function hasBody(framing: Framing): boolean {
  return framing.kind === "chunked" || (framing.kind === "length" && framing.bytes > 0);
}

/** A request as it is passed on. */
export interface ForwardedRequest {
  readonly framing: Framing;
  /** Names and values in turn, as Node takes them; nothing may be added that frames. */
  readonly headers: string[];
  /** Whether there are bytes to pass on. Where there are none, nothing may be written. */
  readonly hasBody: boolean;
  /** Whether the connection it is sent on may carry another request of the same sender. */
  readonly reusable: boolean;
}

export interface ForwardingOptions {
  /** The only `Host` that is sent. */
  readonly host: string;
  /** Headers that the forwarder writes itself, or keeps to itself; in lower case. */
  readonly isDropped?: (name: string) => boolean;
  /** What the forwarder puts in its own name. */
  readonly added?: readonly Header[];
  /** Changes one header that is passed on; never its name. */
  readonly withValue?: (header: Header) => Header;
  /** Whether its connection may be kept for the same sender's next request. */
  readonly keepAlive: boolean;
}

/**
 * The headers of a request that is passed on, with the framing it came with: kept as it is, since
 * Node would send some bodies without any.
 * @throws {FramingError} When it can't be framed as it was meant.
 */
export function forwardRequest(
  request: ReceivedRequest,
  { host, isDropped = () => false, added = [], withValue = same, keepAlive }: ForwardingOptions,
): ForwardedRequest {
  const framing = framingOf(request);
  const isBodiless = bodiless.has(request.method ?? "GET");
  const reusable = keepAlive && !(isBodiless && hasBody(framing));
  const isOurs = (name: string) => name === "host" || framingNames.includes(name);
  const passed = endToEnd(request, (name) => isOurs(name) || isDropped(name)).map(withValue);
  const headers = [
    ["Host", host] as const,
    ...passed,
    ...added,
    ...framed(framing, isBodiless),
    ["Connection", reusable ? "keep-alive" : "close"] as const,
  ];
  return { framing, headers: headers.flat(), hasBody: hasBody(framing), reusable };
}

/**
 * The headers of an answer that is passed on; its length stays unless it is dropped, and the
 * connection to its reader is the forwarder's own matter.
 * @throws {FramingError} When its body can't be read in one way.
 */
export function forwardResponse(
  response: ReceivedMessage,
  isDropped: (name: string) => boolean = () => false,
): Header[] {
  framingOf(response);
  return endToEnd(response, (name) => name === "transfer-encoding" || isDropped(name));
}

function same(header: Header): Header {
  return header;
}

function framed(framing: Framing, isBodiless: boolean): Header[] {
  if (framing.kind === "chunked") return [["Transfer-Encoding", "chunked"]];
  if (framing.kind === "length") return [["Content-Length", String(framing.bytes)]];
  // Else Node would announce chunks for a method that usually has a body.
  return isBodiless ? [] : [["Content-Length", "0"]];
}

/** Headers as they came, without those of the connection and those it names itself. */
function endToEnd({ rawHeaders }: ReceivedMessage, isDropped: (name: string) => boolean): Header[] {
  const named = new Set(
    valuesOf(rawHeaders, "connection")
      .flatMap((value) => value.split(","))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => !neverNamed.has(name)),
  );
  return pairsOf(rawHeaders).filter(([name]) => {
    const lower = name.toLowerCase();
    return !hopByHop.has(lower) && !named.has(lower) && !isDropped(lower);
  });
}

function pairsOf(rawHeaders: readonly string[]): Header[] {
  const pairs: Header[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  return pairs;
}

/** Each value of a header, in order; `name` in lower case. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return pairsOf(rawHeaders).flatMap(([found, value]) =>
    found.toLowerCase() === name ? [value] : [],
  );
}
