/** Which headers of a message are meant for whoever stands at its other end. */
import type { IncomingMessage } from "node:http";

/** RFC 9110, 7.6.1: of one connection, and nobody's business behind it; and a proxy's own. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

export type Header = readonly [name: string, value: string];

/**
 * A message's headers as they came, without those of the connection and those it names itself.
 * @param dropped others that whoever carries it writes anew, in lower case.
 */
export function endToEnd(message: IncomingMessage, dropped: readonly string[]): Header[] {
  const { rawHeaders, headers } = message;
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const pairs: Header[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || dropped.includes(lower)) continue;
    // What frames a body can't be named away.
    if (named.includes(lower) && !framing.includes(lower)) continue;
    pairs.push([name, value]);
  }
  return pairs;
}

const framing = ["content-length", "transfer-encoding"];
