/**
 * The one place that frames HTTP/1 messages for forwarding: the local edge, the egress proxy and
 * the exchange with secret-bound hosts use it. The next server must see the message end where we
 * saw it end; otherwise a part of a body is read as a request that nobody has checked (RFC 9112,
 * 11.2).
 */

/** How a message declares the end of its body. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** Two readers could disagree about this message's end. It is refused and never repaired. */
export class FramingError extends Error {
  override readonly name = "FramingError";
}

/** The fields of Node's `IncomingMessage` that framing needs. */
export interface ReceivedMessage {
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
}

export interface ReceivedRequest extends ReceivedMessage {
  readonly method?: string | undefined;
}

export type Header = readonly [name: string, value: string];

const framingNames = ["content-length", "transfer-encoding"];
/** Headers between two neighbours only (RFC 9110, 7.6.1), and a proxy's credentials. */
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
/** What we decide by belongs to the message, on its whole way to a function. */
const ofTheWholeWay = ["authorization", "host", "idempotency-key", "x-api-key", "x-forwarded-for"];
/** A `Connection` header can't remove these. */
const neverNamed = new Set([...framingNames, ...ofTheWholeWay]);
/** Methods whose bodies mean nothing. Some servers don't look for one and read on. */
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
  /** Names and values in turn, as Node takes them; nothing that affects framing may be added. */
  readonly headers: string[];
  /** Whether there is a body to pass on. If not, nothing may be written. */
  readonly hasBody: boolean;
  /** Whether its connection may carry another request of the same sender. */
  readonly reusable: boolean;
}

export interface ForwardingOptions {
  /** The only `Host` header that is sent. */
  readonly host: string;
  /** Headers that the forwarder writes itself or doesn't pass on; in lower case. */
  readonly isDropped?: (name: string) => boolean;
  /** Headers that the forwarder adds. */
  readonly added?: readonly Header[];
  /** Changes the value of one header that is passed on; never its name. */
  readonly withValue?: (header: Header) => Header;
  /** Whether the connection may be kept for the same sender's next request. */
  readonly keepAlive: boolean;
}

/**
 * The headers of a forwarded request. Its framing is kept as it came, since Node would send some
 * bodies without any.
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
 * The headers of a forwarded answer. Its length stays unless it is dropped; the forwarder decides
 * about its own connection to the reader.
 * @throws {FramingError} When its body can be read in more than one way.
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
  // Without this, Node would announce chunks for a method that usually has a body.
  return isBodiless ? [] : [["Content-Length", "0"]];
}

/** The headers as they came, except for those of the connection and those it names. */
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

/** All values of a header, in order; `name` is lower case. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return pairsOf(rawHeaders).flatMap(([found, value]) =>
    found.toLowerCase() === name ? [value] : [],
  );
}
