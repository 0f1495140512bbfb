import { describe, expect, test } from "vitest";
import { specialRangeOf } from "./network-policy-addresses.ts";

/** First and last address of every range in the registries that isn't the internet. */
const special: readonly (readonly [string, string, string])[] = [
  ["0.0.0.0", "0.255.255.255", "this network"],
  ["10.0.0.0", "10.255.255.255", "private"],
  ["100.64.0.0", "100.127.255.255", "carrier-grade NAT"],
  ["127.0.0.0", "127.255.255.255", "loopback"],
  ["169.254.169.254", "169.254.169.254", "metadata server"],
  ["169.254.0.0", "169.254.255.255", "link-local"],
  ["172.16.0.0", "172.31.255.255", "private"],
  ["192.0.0.0", "192.0.0.255", "protocol assignments"],
  ["192.0.2.0", "192.0.2.255", "documentation"],
  ["192.31.196.0", "192.31.196.255", "AS112"],
  ["192.52.193.0", "192.52.193.255", "multicast tunnels"],
  ["192.88.99.0", "192.88.99.255", "6to4 relay"],
  ["192.168.0.0", "192.168.255.255", "private"],
  ["192.175.48.0", "192.175.48.255", "AS112"],
  ["198.18.0.0", "198.19.255.255", "benchmarking"],
  ["198.51.100.0", "198.51.100.255", "documentation"],
  ["199.36.153.4", "199.36.153.11", "Google APIs, private access"],
  ["203.0.113.0", "203.0.113.255", "documentation"],
  ["224.0.0.0", "239.255.255.255", "multicast"],
  ["240.0.0.0", "255.255.255.254", "reserved"],
  ["255.255.255.255", "255.255.255.255", "broadcast"],
  ["::", "::", "unspecified"],
  ["::1", "::1", "loopback"],
  ["::2", "::fffe:ffff:ffff", "not global unicast"],
  ["::ffff:0.0.0.0", "::ffff:255.255.255.255", "IPv4-mapped"],
  ["::ffff:808:808", "::ffff:7f00:1", "IPv4-mapped"],
  ["64:ff9b::", "64:ff9b::ffff:ffff", "NAT64"],
  ["64:ff9b::8.8.8.8", "64:ff9b::169.254.169.254", "NAT64"],
  ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"],
  ["100::", "100::ffff:ffff:ffff:ffff", "discard"],
  ["100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", "dummy"],
  ["2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"],
  ["2001:1::1", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"],
  ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"],
  ["2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"],
  ["2002:7f00:1::", "2002:a9fe:a9fe::", "6to4"],
  ["2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112"],
  ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"],
  ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"],
  ["4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast"],
  ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"],
  ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"],
  ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"],
  ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"],
];

/** Their neighbours on both sides, which belong to the internet. */
const open = [
  ...["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"],
  ...[
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
  ],
  ...["192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"],
  ...[
    "198.51.99.255",
    "198.51.101.0",
    "199.36.153.3",
    "199.36.153.12",
    "203.0.112.255",
    "203.0.114.0",
  ],
  ...["223.255.255.255", "8.8.8.8", "2000::", "2001:200::", "2001:4860:4860::8888", "2001:db7::1"],
  ...["2001:db9::", "2003::", "2606:4700::1111", "2620:4f:7fff::1", "2620:4f:8001::", "3ffe::1"],
  ...["3fff:1000::", "2a00:1450:4001:812::200e"],
];

const noAddresses = [
  ...[
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x7f.0.0.1",
    "1.2.3.4/32",
    " 1.2.3.4",
  ],
  ...[":::", "1::2::3", "fe80::1%eth0", "[::1]", "::1/128", "12345::", "g::", "localhost"],
];

describe("EXE-6 addresses that aren't the internet", () => {
  test.each(special)("%s to %s: %s", (first, last, name) => {
    expect([specialRangeOf(first), specialRangeOf(last)]).toEqual([name, name]);
  });

  test.each(open)("%s is the internet", (address) => {
    expect(specialRangeOf(address)).toBeNull();
  });

  test.each(noAddresses)("%j is no address, and nothing is guessed", (text) => {
    expect(specialRangeOf(text)).toBe("not an address");
  });
});
