/** Decides what an execution may reach: first by name and port, then by resolved address. */
import type { NetworkPolicy } from "../../protocol/runner.ts";
import { specialRangeOf } from "./network-policy-addresses.ts";

/** A host from a request, in one canonical spelling. */
export type Host =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "address"; readonly name: string; readonly family: 4 | 6 };

/** Why an attempt was refused or failed; `docs/egress.md` explains each. */
export const egressRules = [
  "malformed_request",
  "invalid_host",
  "no_network",
  "host_not_allowed",
  "port_not_allowed",
  "address_not_allowed",
  "private_name",
  "private_address",
  "host_mismatch",
  "sni_missing",
  "sni_mismatch",
  "name_not_found",
  "connect_failed",
  "timed_out",
  "connection_limit",
  "rate_limit",
  "byte_limit",
  "log_unavailable",
  "log_full",
] as const;
export type EgressRule = (typeof egressRules)[number];

const nameLengthMax = 253;
const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** A last label that resolvers may read as a number: `0x7f`, `017700000001`, `1`. */
const numeric = /^(?:\d+|0x[0-9a-f]*)$/;

/** Names that mean something different on each machine, or that are internal. */
const privateSuffixes = ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion"];

/** Null if the text is no host; nothing is guessed from the valid part of it. */
export function parseHost(text: string): Host | null {
  const lower = text.toLowerCase();
  if (lower.startsWith("[")) return ipv6(lower);
  const name = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  const labels = name.split(".");
  if (name.length > nameLengthMax || !labels.every((one) => label.test(one))) return null;
  if (!numeric.test(labels.at(-1) ?? "")) return { kind: "name", name };
  // Octal, hexadecimal, short and long forms are parsed as every client would parse them.
  const address = canonical(name);
  return address === null ? null : { kind: "address", name: address, family: 4 };
}

function ipv6(bracketed: string): Host | null {
  if (!/^\[[0-9a-f:.]{2,45}\]$/.test(bracketed)) return null;
  const address = canonical(bracketed)?.slice(1, -1);
  return address === undefined ? null : { kind: "address", name: address, family: 6 };
}

function canonical(host: string): string | null {
  return URL.parse(`http://${host}/`)?.hostname ?? null;
}

type NetworkDecision =
  | { readonly allowed: true; readonly host: Host }
  | { readonly allowed: false; readonly host: Host | null; readonly rule: EgressRule };

/** Whether `host` may be asked for at all. A name that is refused here isn't resolved. */
export function decideHost(policy: NetworkPolicy, hostText: string, port: number): NetworkDecision {
  const host = parseHost(hostText);
  const refused = (rule: EgressRule): NetworkDecision => ({ allowed: false, host, rule });
  if (host === null) return refused("invalid_host");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return refused("malformed_request");
  if (host.kind === "name" && isPrivateName(host.name)) return refused("private_name");
  if (host.kind === "address" && specialRangeOf(host.name) !== null) {
    return refused("private_address");
  }
  if (policy.mode === "internet") return { allowed: true, host };
  if (policy.mode !== "allowlist") return refused("no_network");
  if (host.kind === "address") return refused("address_not_allowed");
  const matching = policy.allow.filter((entry) => matches(entry.host, host.name));
  if (matching.length === 0) return refused("host_not_allowed");
  if (!matching.some((entry) => entry.port === port)) return refused("port_not_allowed");
  return { allowed: true, host };
}

export function isPrivateName(name: string): boolean {
  if (!name.includes(".")) return true;
  return privateSuffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/** `*.host` matches every name below `host`, but not `host` itself. */
export function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  return name.length > pattern.length - 1 && name.endsWith(pattern.slice(1));
}

/** The hosts that an environment or a message allows. */
export type Reach = Pick<NetworkPolicy, "mode" | "allow">;

const openness = { none: 0, allowlist: 1, internet: 2 } as const;

/** Whether `outer` may reach everything that `inner` may reach. */
export function isWithinNetwork(inner: Reach, outer: Reach): boolean {
  if (openness[inner.mode] > openness[outer.mode]) return false;
  if (inner.mode !== "allowlist" || outer.mode === "internet") return true;
  return inner.allow.every(({ host, port }) =>
    outer.allow.some((entry) => entry.port === port && reaches(entry.host, host)),
  );
}

/** Only a pattern can cover another pattern. */
function reaches(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (!host.startsWith("*.")) return matches(pattern, host);
  return pattern.startsWith("*.") && matches(pattern, host.slice(2));
}
