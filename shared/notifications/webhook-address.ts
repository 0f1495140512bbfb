/**
 * Judges where a webhook leads (INC-5): only to addresses of the internet. It is asked when an
 * owner names the URL, and again before each request, which then goes to the address that was
 * judged, so a name that leads elsewhere a moment later changes nothing.
 */
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { config } from "../config.ts";
import { specialRangeOf } from "../core/network/network-policy-addresses.ts";
import { parseOutgoingAddress } from "../core/network/outgoing-address.ts";
import { ApiError } from "../errors/api-error.ts";

const lookUpMsMax = 5_000;

export interface PinnedTarget {
  readonly url: URL;
  readonly address: string;
  readonly family: number;
}

/** @throws {ApiError} `VALIDATION_FAILED` if it isn't `https`, or leads into a private network. */
export async function resolveWebhook(text: string): Promise<PinnedTarget> {
  const isLocal = config().PADDOCK_NOTIFICATIONS_TEST === "loopback";
  const schemes = isLocal ? "https or http" : "https";
  const url = parseOutgoingAddress(text, { schemes, query: "taken" });
  if (typeof url === "string") throw refused(url);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const found = await lookUp(host);
  const isAllowed = found.every((address) => {
    const range = specialRangeOf(address);
    return range === null || (isLocal && range === "loopback");
  });
  const [address] = found;
  // The same sentence for both: what our network's names lead to is nobody's business.
  if (address === undefined || !isAllowed) throw refused("must lead to the internet");
  return { url, address, family: isIP(address) };
}

/**
 * All addresses of a host; none if it can't be found in time. It asks the name server itself:
 * `dns.lookup` would hold one of four threads of the process for as long as a name server likes.
 */
async function lookUp(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const resolver = new Resolver({ timeout: lookUpMsMax, tries: 1 });
  const timer = setTimeout(() => resolver.cancel(), lookUpMsMax);
  try {
    const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  } finally {
    clearTimeout(timer);
  }
}

function refused(message: string): ApiError {
  const details = [{ field: "webhookUrl", message }];
  return new ApiError("VALIDATION_FAILED", { message: `webhookUrl ${message}.`, details });
}
