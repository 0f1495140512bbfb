/**
 * Judges where a webhook leads (INC-5): only to addresses of the internet. It is asked when an
 * owner names the URL, and again before each request, which then goes to the address that was
 * judged, so a name that leads elsewhere a moment later changes nothing.
 */
import { lookup } from "node:dns/promises";
import { config } from "../config.ts";
import { specialRangeOf } from "../core/network/network-policy-addresses.ts";
import { ApiError } from "../errors/api-error.ts";

const lookUpMsMax = 5_000;

export interface PinnedTarget {
  readonly url: URL;
  readonly address: string;
  readonly family: number;
}

/** @throws {ApiError} `VALIDATION_FAILED` if it isn't `https`, or leads into a private network. */
export async function resolveWebhook(text: string): Promise<PinnedTarget> {
  const url = URL.parse(text);
  const isLocal = config().PADDOCK_NOTIFICATIONS_TEST === "loopback";
  const isForm = url?.protocol === "https:" || (isLocal && url?.protocol === "http:");
  if (!url || !isForm || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw refused("must be an https URL without user, password and fragment");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const found = await withLimit(lookup(host, { all: true, verbatim: true })).catch(() => {
    throw refused("names a host that can't be found");
  });
  for (const { address } of found) {
    const range = specialRangeOf(address);
    if (range === null || (isLocal && range === "loopback")) continue;
    throw refused("leads to an address that isn't on the internet");
  }
  const [first] = found;
  if (!first) throw refused("names a host that can't be found");
  return { url, address: first.address, family: first.family };
}

async function withLimit<T>(waiting: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("the look-up takes too long")), lookUpMsMax);
  try {
    return await Promise.race([waiting, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function refused(message: string): ApiError {
  const details = [{ field: "webhookUrl", message }];
  return new ApiError("VALIDATION_FAILED", { message: `webhookUrl ${message}.`, details });
}
