import { describe, expect, test } from "vitest";
import {
  type KeyNetworks,
  networkDigest,
  newNetworksPerDayMax,
  withNetwork,
} from "./key-networks.ts";

const dayMs = 86_400_000;
const noon = 20_000 * dayMs + dayMs / 2;

/** The networks after uses from each of `digests`, and which of them were new. */
function used(digests: readonly string[], now = noon, before: KeyNetworks | null = null) {
  let known = before;
  const fresh: string[] = [];
  for (const digest of digests) {
    const next = withNetwork(known, { digest, now });
    if (next?.isNew) fresh.push(digest);
    known = next?.networks ?? known;
  }
  return { known, fresh };
}

describe("the digest of a network", () => {
  test("is one for all addresses of an IPv4 /24 or an IPv6 /48", () => {
    const of = (address: string) => networkDigest("key", address);
    expect(of("192.0.2.7")).toBe(of("192.0.2.250"));
    expect(of("192.0.2.7")).toBe(of("::ffff:192.0.2.9"));
    expect(of("192.0.2.7")).not.toBe(of("192.0.3.7"));
    expect(of("2001:db8:1::1")).toBe(of("2001:db8:1:ffff::2"));
    expect(of("2001:db8:1::1")).not.toBe(of("2001:db8:2::1"));
  });

  test("differs between keys, so it names no network to somebody who lacks the key", () => {
    expect(networkDigest("one", "192.0.2.7")).not.toBe(networkDigest("other", "192.0.2.7"));
  });
});

describe("a key's networks", () => {
  test("the first one isn't new, a later one is, and only once", () => {
    expect(used(["a", "a", "b", "a", "b"])).toEqual({
      known: { digests: ["a", "b"], day: 20_000, newThatDay: 1 },
      fresh: ["b"],
    });
  });

  test("are bounded, and the oldest is forgotten", () => {
    let known: KeyNetworks | null = null;
    for (let day = 0; day < 4; day += 1) {
      const digests = Array.from({ length: 10 }, (_, index) => `${day}-${index}`);
      ({ known } = used(digests, noon + day * dayMs, known));
    }
    expect(known?.digests).toHaveLength(32);
    expect(known?.digests).not.toContain("0-0");
    expect(known?.digests.at(-1)).toBe("3-9");
  });

  test("are recorded up to a number per day, and again on the next", () => {
    const many = Array.from({ length: newNetworksPerDayMax + 5 }, (_, index) => `n${index}`);
    const first = used(["home", ...many]);
    expect(first.fresh).toHaveLength(newNetworksPerDayMax);
    expect(used(["late"], noon, first.known).fresh).toEqual([]);
    expect(used(["late"], noon + dayMs, first.known).fresh).toEqual(["late"]);
  });
});
