/**
 * Ways from an execution into the platform that it runs on. Cloud Run's services take a call from a
 * network of their own project as internal, and Cloud NAT brings Private Google Access with it,
 * whatever a subnet says; so a container in that network would stand before the platform's inner
 * services. With a project of its own (docs/deploy.md) it doesn't, and services elsewhere are
 * ordinary hosts.
 */
import { assert } from "#shared/core/assert";
import { type AddressRange, covers, parseRange } from "#shared/core/network/address-range";
import type { Host } from "#shared/core/network/network-policy";

/** Names of Google's private ways to its APIs: no public service answers there. */
const privateWays = ["private.googleapis.com", "restricted.googleapis.com"];
const containers = "run.app";

/**
 * What names below `run.app` resolve to, as seen in public DNS in 2025 and 2026; Google documents
 * no list. The name is the first wall, this one is for clients that bring an address.
 */
const containerRanges: readonly AddressRange[] = [
  "34.143.72.0/21",
  "216.239.32.53",
  "216.239.34.53",
  "216.239.36.53",
  "216.239.38.53",
  "2600:1900:4240::/45",
].map((text) => {
  const range = parseRange(text);
  assert(range !== null, "a range of the table isn't one");
  return range;
});

/** @param reachesServices whether executions run in a project of their own. */
export function isPlatformName(host: Host, reachesServices: boolean): boolean {
  if (host.kind !== "name") return false;
  if (privateWays.includes(host.name)) return true;
  return !reachesServices && (host.name === containers || host.name.endsWith(`.${containers}`));
}

/** What a service of Cloud Run answers at; private ways are special ranges for everybody. */
export function isPlatformAddress(address: string, reachesServices: boolean): boolean {
  if (reachesServices) return false;
  const one = parseRange(address);
  return one !== null && containerRanges.some((range) => covers(range, one));
}
