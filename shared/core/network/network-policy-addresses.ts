/**
 * Decides which addresses belong to the internet. IPv4 is open except for the registries' special
 * ranges; IPv6 is closed except for global unicast, so unknown ranges are closed too.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
import { assert } from "../assert.ts";
import { type AddressRange, covers, parseRange } from "./address-range.ts";

/** Why an address isn't on the internet, as the refusal says it; null if it is. */
export type SpecialRange = string | null;

/** The first range that contains an address names it, so narrower ranges come first. */
const specialIpv4 = named([
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.169.254", "metadata server"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.31.196.0/24", "AS112"],
  ["192.52.193.0/24", "multicast tunnels"],
  ["192.88.99.0/24", "6to4 relay"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "AS112"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  // Google's APIs as a VPC sees them: public numbers that lead to internal services.
  ["199.36.153.4/30", "Google APIs, private access"],
  ["199.36.153.8/30", "Google APIs, private access"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["240.0.0.0/4", "reserved"],
]);

const globalUnicast = range("2000::/3");

/** Ranges inside global unicast that lead elsewhere, and names for ranges outside of it. */
const specialIpv6 = named([
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["64:ff9b::/96", "NAT64"],
  ["64:ff9b:1::/48", "NAT64"],
  ["100::/64", "discard"],
  ["100:0:0:1::/64", "dummy"],
  ["2001::/32", "Teredo"],
  ["2001::/23", "protocol assignments"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["2600:2d00:2:1000::/64", "Google APIs, private access"],
  ["2600:2d00:2:2000::/64", "Google APIs, private access"],
  ["2620:4f:8000::/48", "AS112"],
  ["3fff::/20", "documentation"],
  ["5f00::/16", "segment routing"],
  ["fc00::/7", "unique local"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
]);

/** @returns The range's name; null for an address of the internet. */
export function specialRangeOf(address: string): SpecialRange {
  const one = address.includes("/") ? null : parseRange(address);
  if (one === null) return "not an address";
  if (one.family === 4) {
    // Another spelling of an IPv4 host; clients can use the plain one.
    if (address.includes(":")) return "IPv4-mapped";
    return nameIn(specialIpv4, one);
  }
  const special = nameIn(specialIpv6, one);
  return special ?? (covers(globalUnicast, one) ? null : "not global unicast");
}

type Named = readonly { readonly range: AddressRange; readonly name: string }[];

function named(entries: readonly (readonly [string, string])[]): Named {
  return entries.map(([text, name]) => ({ range: range(text), name }));
}

function range(text: string): AddressRange {
  const parsed = parseRange(text);
  assert(parsed !== null, "a range of the table isn't one");
  return parsed;
}

function nameIn(ranges: Named, one: AddressRange): string | null {
  return ranges.find((candidate) => covers(candidate.range, one))?.name ?? null;
}
