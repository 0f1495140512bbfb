import { describe, expect, test } from "vitest";
import { defaultEgressLimits, type NetworkPolicy } from "../../protocol/runner.ts";
import { decideHost, isWithinNetwork, matches, parseHost } from "./network-policy.ts";

const policy = (mode: NetworkPolicy["mode"], ...entries: string[]): NetworkPolicy => ({
  mode,
  allow: entries.map((entry) => {
    const [host = "", port = ""] = entry.split(":");
    return { host, port: Number(port) };
  }),
  limits: defaultEgressLimits,
});
const ruleOf = (rules: NetworkPolicy, host: string, port = 443) => {
  const decision = decideHost(rules, host, port);
  return decision.allowed ? "allowed" : decision.rule;
};
const some = policy("allowlist", "example.com:443", "*.pkg.dev:443", "example.com:8443");
const all = policy("internet");

describe("a host's one spelling", () => {
  const loopback = ["127.1", "127.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "2130706433"];
  test.each([...loopback, "0x7f000001", "127.0.0.1.", "0x7F.0.0.0x1"])(
    "%s is 127.0.0.1",
    (text) => {
      expect(parseHost(text)).toEqual({ kind: "address", name: "127.0.0.1", family: 4 });
    },
  );

  test("names are lower-case, without the root's dot", () => {
    expect(parseHost("EXAMPLE.Com.")).toEqual({ kind: "name", name: "example.com" });
  });

  const strange = [
    "",
    ".",
    "a..b",
    "-a.com",
    "a-.com",
    "a b",
    "a/b",
    "a@b",
    "a:80",
    "①.com",
    "a%2eb",
  ];
  const numeric = ["1.2.3.256", "a.1", "a.0x7f", "999999999999", "[::1", "[::1%lo]", "[1]", "::1"];
  test.each([...strange, ...numeric, `${"a".repeat(64)}.com`])("%j is no host", (text) => {
    expect(parseHost(text)).toBeNull();
  });
});

describe("NET-2 what an allow-list allows", () => {
  test.each([
    ["example.com", 443],
    ["EXAMPLE.com.", 443],
    ["example.com", 8443],
    ["a.pkg.dev", 443],
    ["b.a.pkg.dev", 443],
  ])("%s:%i", (host, port) => {
    expect(ruleOf(some, host, port)).toBe("allowed");
  });

  test.each([
    ["example.com", 80, "port_not_allowed"],
    ["www.example.com", 443, "host_not_allowed"],
    ["pkg.dev", 443, "host_not_allowed"],
    ["evilpkg.dev", 443, "host_not_allowed"],
    ["example.com.evil.com", 443, "host_not_allowed"],
    ["93.184.215.14", 443, "address_not_allowed"],
    ["[2606:4700::1]", 443, "address_not_allowed"],
    ["example.com\u0000.evil.com", 443, "invalid_host"],
    ["example.com", 0, "malformed_request"],
    ["example.com", 65_536, "malformed_request"],
  ])("not %s:%i: %s", (host, port, rule) => {
    expect(ruleOf(some, host, port)).toBe(rule);
  });
});

describe("EXE-6 whatever the policy", () => {
  const names = [
    "localhost",
    "metadata",
    "metadata.google.internal",
    "a.localhost",
    "printer.local",
  ];
  test.each([...names, "x.home.arpa", "x.onion", "host.docker.internal"])(
    "%s is private",
    (name) => {
      expect(ruleOf(all, name, 80)).toBe("private_name");
      expect(ruleOf(policy("allowlist", `${name}:80`), name, 80)).toBe("private_name");
    },
  );

  const spellings = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"];
  const mapped = ["[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]"];
  test.each([...spellings, "169.254.43518", ...mapped, "[fd00:ec2::254]", "[::1]", "0"])(
    "%s leads inside",
    (host) => {
      expect(ruleOf(all, host, 80)).toBe("private_address");
      expect(ruleOf(some, host, 80)).toBe("private_address");
    },
  );

  test("an open network takes public names, addresses and ports", () => {
    const asked = ["example.com", "8.8.8.8", "[2606:4700::1]", "134744072"];
    expect(asked.map((host) => ruleOf(all, host, 8_080))).toEqual(asked.map(() => "allowed"));
  });
});

describe("what lies within what", () => {
  test.each([
    [policy("none"), some, true],
    [some, some, true],
    [some, all, true],
    [all, some, false],
    [some, policy("none"), false],
    [policy("allowlist", "a.pkg.dev:443"), some, true],
    [policy("allowlist", "*.a.pkg.dev:443"), some, true],
    [policy("allowlist", "a.pkg.dev:80"), some, false],
    [policy("allowlist", "pkg.dev:443"), some, false],
    [policy("allowlist", "*.example.com:443"), some, false],
    [policy("allowlist", "*.dev:443"), some, false],
  ])("%j within %j: %s", (inner, outer, isWithin) => {
    expect(isWithinNetwork(inner, outer)).toBe(isWithin);
  });

  test("a pattern is for what lies below it, at a label's border", () => {
    const tried = ["a.b.c", "x.a.b.c", "b.c", "ab.c", ".b.c"];
    expect(tried.map((name) => matches("*.b.c", name))).toEqual([true, true, false, false, false]);
  });
});
