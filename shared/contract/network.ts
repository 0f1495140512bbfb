/**
 * An environment's network as the API takes and shows it. Storage keeps a row per host and port.
 */
import * as z from "zod";
import { isPrivateName, parseHost, type Reach } from "../core/network/network-policy.ts";
import { networkModes } from "../protocol/job.ts";
import { exactObject } from "./exact.ts";

const entriesMax = 100;
const portsMax = 16;
const httpsPort = 443;

/** `host`, or `*.host` for every name below it; addresses and private names can't be reached. */
export const HostPattern = z
  .string()
  .max(255)
  .transform((text) => text.toLowerCase().replace(/\.$/, ""))
  .refine(isHostPattern, "must be a public host name, or *. and one with two labels at least");

function isHostPattern(pattern: string): boolean {
  const name = pattern.startsWith("*.") ? pattern.slice(2) : pattern;
  const host = parseHost(name);
  // In another spelling than hosts are compared in, it would match none.
  return host?.kind === "name" && host.name === name && !isPrivateName(name);
}

const Allowed = exactObject({
  host: HostPattern,
  ports: z.array(z.int().min(1).max(65_535)).min(1).max(portsMax).default([httpsPort]),
});

/** Responses show an empty list. Other modes would ignore entries, so entries are refused. */
const noList = z
  .array(z.unknown())
  .max(0, 'must be left out or empty, or the mode must be "allowlist"')
  .optional();

export const NetworkInput = z.discriminatedUnion("mode", [
  exactObject({ mode: z.literal("none"), allow: noList }),
  exactObject({ mode: z.literal("allowlist"), allow: z.array(Allowed).min(1).max(entriesMax) }),
  exactObject({ mode: z.literal("internet"), allow: noList }),
]);
export type NetworkInput = z.output<typeof NetworkInput>;

export const NetworkBody = z.object({
  mode: z.enum(networkModes),
  allow: z.array(z.object({ host: z.string(), ports: z.array(z.int()) })),
});

export function reachOf(input: NetworkInput): Reach {
  if (input.mode !== "allowlist") return { mode: input.mode, allow: [] };
  const ports = new Map<string, Set<number>>();
  for (const { host, ports: more } of input.allow) {
    ports.set(host, new Set([...(ports.get(host) ?? []), ...more]));
  }
  const allow = [...ports].flatMap(([host, all]) => [...all].map((port) => ({ host, port })));
  return { mode: "allowlist", allow };
}

export function networkBody({ mode, allow }: Reach): z.input<typeof NetworkBody> {
  const hosts = [...new Set(allow.map(({ host }) => host))];
  const portsOf = (host: string) =>
    allow.filter((entry) => entry.host === host).map(({ port }) => port);
  return { mode, allow: hosts.map((host) => ({ host, ports: portsOf(host) })) };
}

export const contradiction = {
  path: ["network"],
  message: "contradicts internetAccess; send one of the two",
};

/** A client can state the network in two ways; if it uses both, they must agree. */
export function agrees(body: {
  readonly internetAccess?: boolean | null | undefined;
  readonly network?: NetworkInput | undefined;
}): boolean {
  const { internetAccess, network } = body;
  if (internetAccess === undefined || internetAccess === null || !network) return true;
  return internetAccess === (network.mode !== "none");
}

/**
 * The network that is asked for; null if none is. An allow-list is also shown as `internetAccess:
 * true`, so a client that sends back what it read doesn't widen its network.
 */
export function requestedNetwork(body: Parameters<typeof agrees>[0], current: Reach): Reach | null {
  const { internetAccess, network } = body;
  if (network) return reachOf(network);
  if (internetAccess === undefined || internetAccess === null) return null;
  if (!internetAccess) return { mode: "none", allow: [] };
  return current.mode === "none" ? { mode: "internet", allow: [] } : current;
}
