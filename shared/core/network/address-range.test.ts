import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { clientNetwork, covers, isInRanges, parseRange } from "./address-range.ts";

describe("parseRange()", () => {
  test.each([
    ["10.0.0.0/8", 4, 8],
    ["203.0.113.7", 4, 32],
    ["0.0.0.0/0", 4, 0],
    ["2001:db8::/32", 6, 32],
    ["::1", 6, 128],
    ["::", 6, 128],
    ["::ffff:203.0.113.7", 4, 32],
    ["1:2:3:4:5:6:7:8/128", 6, 128],
  ])("takes %s", (text, family, prefixBits) => {
    expect(parseRange(text)).toMatchObject({ family, prefixBits });
  });

  test.each([
    ["nothing", ""],
    ["a host part", "10.1.2.3/8"],
    ["too long a prefix", "10.0.0.0/33"],
    ["a leading zero", "010.0.0.1"],
    ["three octets", "10.0.0"],
    ["an octet above 255", "256.0.0.1"],
    ["a name", "localhost"],
    ["two prefixes", "10.0.0.0/8/8"],
    ["no prefix after the slash", "10.0.0.0/"],
    ["a zone", "fe80::1%eth0"],
    ["two gaps", "1::2::3"],
    ["nine groups", "1:2:3:4:5:6:7:8:9"],
    ["a gap for nothing", "1:2:3:4::5:6:7:8"],
    ["five digits", "12345::"],
    ["a mapped range", "::ffff:10.0.0.0/104"],
  ])("refuses %s", (_what, text) => {
    expect(parseRange(text)).toBeNull();
  });
});

describe("isInRanges()", () => {
  test("knows the edges of a range", () => {
    const ranges = ["10.1.0.0/16", "2001:db8:1::/48"];
    for (const inside of ["10.1.0.0", "10.1.255.255", "2001:db8:1::", "2001:db8:1:ffff::1"]) {
      expect(isInRanges(inside, ranges)).toBe(true);
    }
    for (const outside of ["10.0.255.255", "10.2.0.0", "2001:db8:2::", "::1"]) {
      expect(isInRanges(outside, ranges)).toBe(false);
    }
  });

  test("treats an IPv4 address in IPv6 form as IPv4", () => {
    expect(isInRanges("::ffff:10.1.2.3", ["10.1.0.0/16"])).toBe(true);
    expect(isInRanges("::ffff:0a01:0203", ["10.1.0.0/16"])).toBe(true);
  });

  test.each(["", "unknown", "10.1.2.3, 10.1.2.4", "10.1.2.3:80"])("%j lies in none", (text) => {
    expect(isInRanges(text, ["0.0.0.0/0", "::/0"])).toBe(false);
  });
});

const ipv4 = fc
  .array(fc.nat(255), { minLength: 4, maxLength: 4 })
  .map((octets) => octets.join("."));
const ipv6 = fc
  .array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  // Only real IPv6 addresses, because mapped ones are IPv4.
  .map(([first = 0, ...rest]) => [first | 1, ...rest].map((part) => part.toString(16)).join(":"));

describe("agrees with the platform's own list of addresses", () => {
  const agrees = (address: string, base: string, bits: number, family: "ipv4" | "ipv6") => {
    const list = new BlockList();
    list.addSubnet(base, bits, family);
    const range = parseRange(`${base}/${bits}`);
    // A base with a host part isn't a valid range.
    if (!range) return;
    expect(isInRanges(address, [`${base}/${bits}`])).toBe(list.check(address, family));
  };

  test("on IPv4", () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.nat(32), (address, other, bits) => {
        agrees(address, other, 32, "ipv4");
        agrees(address, address, 32, "ipv4");
        const network = other.split(".").map((octet, index) => {
          const kept = Math.min(8, Math.max(0, bits - 8 * index));
          return Number(octet) & (0xff << (8 - kept)) & 0xff;
        });
        agrees(address, network.join("."), bits, "ipv4");
        agrees(other, network.join("."), bits, "ipv4");
      }),
      { numRuns: draws(1_000) },
    );
  });

  test("on IPv6", () => {
    fc.assert(
      fc.property(ipv6, ipv6, (address, other) => {
        const network = `${other.split(":").slice(0, 4).join(":")}::`;
        agrees(address, network, 64, "ipv6");
        agrees(other, network, 64, "ipv6");
      }),
      { numRuns: draws(1_000) },
    );
  });
});

test("covers() is membership, address by address", () => {
  const range = fc.tuple(fc.nat(15), fc.nat(4)).map(([value, bits]) => {
    const first = (value >> (4 - bits)) << (4 - bits);
    return { text: `192.0.2.${first}/${28 + bits}`, first, last: first + 2 ** (4 - bits) - 1 };
  });
  fc.assert(
    fc.property(range, range, (a, b) => {
      const [outer, inner] = [parseRange(a.text), parseRange(b.text)];
      if (!outer || !inner) throw new Error("no range");
      expect(covers(outer, inner)).toBe(a.first <= b.first && b.last <= a.last);
    }),
  );
});

test.each([
  ["192.0.2.7", "192.0.2.250", true],
  ["192.0.2.7", "192.0.3.7", false],
  ["::ffff:192.0.2.7", "192.0.2.8", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::9", true],
  ["2001:db8:1::1", "2001:db8:2::1", false],
  ["192.0.2.7", "2001:db8:1::1", false],
  ["unknown", "unknown", true],
  ["unknown", "192.0.2.7", false],
])("%s and %s are of one network: %s", (one, other, expected) => {
  expect(clientNetwork(one) === clientNetwork(other)).toBe(expected);
});
