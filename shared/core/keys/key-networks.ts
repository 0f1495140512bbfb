/**
 * The networks that a key was used from. Each is stored as a digest whose secret is the key's own
 * text. Nothing stores that text, so somebody who has the database can't find out the networks by
 * trying all of them.
 */

import { createHmac } from "node:crypto";
import * as z from "zod";
import { clientNetwork } from "../network/address-range.ts";
import { dayMs } from "../retention/periods.ts";

/** How many networks are remembered per key; the oldest ones are forgotten. */
const networksMax = 32;
/** How many new networks of a key are recorded in a UTC day, so that it can't flood the trail. */
export const newNetworksPerDayMax = 20;

export const KeyNetworks = z.object({
  /** Oldest first. */
  digests: z.array(z.string()),
  /** Days since 1970. */
  day: z.int(),
  /** How many were new on that day; the first one of all isn't new. */
  newThatDay: z.int(),
});
export type KeyNetworks = z.infer<typeof KeyNetworks>;

/** @param keyText The key itself, as it is sent. */
export function networkDigest(keyText: string, address: string): string {
  const network = clientNetwork(address);
  const digest = createHmac("sha256", keyText).update(`network ${network}`).digest();
  return digest.subarray(0, 16).toString("base64url");
}

/**
 * The networks of a key that replaces another one, whose networks nobody can carry over, because
 * their digests are under its text: only the one from which it was asked for. How many were new
 * today goes on.
 */
export function networksAfter(
  keyText: string,
  asked: { readonly address: string; readonly before: KeyNetworks | null; readonly now: number },
): KeyNetworks {
  const { address, before, now } = asked;
  const day = Math.floor(now / dayMs);
  const newThatDay = before?.day === day ? before.newThatDay : 0;
  return { digests: [networkDigest(keyText, address)], day, newThatDay };
}

interface NetworkUse {
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The networks of a key after a use from a network that isn't among them; null if nothing has to be
 * recorded, because the network is known or the day's number is used up.
 * @param known Null if the key has no recorded network.
 */
export function withNetwork(
  known: KeyNetworks | null,
  { digest, now }: NetworkUse,
): { readonly networks: KeyNetworks; readonly isNew: boolean } | null {
  const day = Math.floor(now / dayMs);
  if (!known) return { networks: { digests: [digest], day, newThatDay: 0 }, isNew: false };
  if (known.digests.includes(digest)) return null;
  const before = known.day === day ? known.newThatDay : 0;
  if (before >= newNetworksPerDayMax) return null;
  const digests = [...known.digests, digest].slice(-networksMax);
  return { networks: { digests, day, newThatDay: before + 1 }, isNew: true };
}
