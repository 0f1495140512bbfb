/** The defences against attempts past the egress proxy, and the sources without them. */
import type { Alteration } from "../../kit/sandbox/programs.ts";

const policyFile = "shared/core/network/network-policy.ts";
/** One defence each; removing it leaves the runner as if nobody had thought of it. */
export const egressDefences = {
  "every answer is looked at": {
    file: "runner/egress/pinned.ts",
    find: "if (special === null) continue;",
    replace: "if (special !== undefined) continue;",
  },
  "addresses inside are refused by themselves": {
    file: policyFile,
    find: 'if (host.kind === "address" && specialRangeOf(host.name) !== null) {',
    replace: 'if (host.kind === "address" && host.name === "") {',
  },
  "the list of hosts": {
    file: policyFile,
    find: 'if (matching.length === 0) return refused("host_not_allowed");',
    replace: "if (matching.length === 0) return { allowed: true, host };",
  },
  "names alone are listed": {
    file: policyFile,
    find: 'if (host.kind === "address") return refused("address_not_allowed");',
    replace: 'if (host.kind === "address") return { allowed: true, host };',
  },
  "Host is the host that was asked for": {
    file: "runner/egress/request-target.ts",
    find: "if (given === null || !namesSame(given, asked, httpPort))",
    replace: "if (given === undefined)",
  },
  "TLS names the host that was asked for": {
    file: "runner/egress/tunnel.ts",
    find: "if (asked?.name !== host.name) {",
    replace: "if (asked === null) {",
  },
  "chunks stay chunks, whatever the method": {
    file: "shared/http/framing.ts",
    find: 'if (framing.kind === "chunked") return [',
    replace: 'if (framing.kind === "chunked" && !isBodiless) return [',
  },
  "a connection ends with a body that its method hasn't": {
    file: "shared/http/framing.ts",
    find: "keepAlive && !(isBodiless && hasBody(framing));",
    replace: "keepAlive;",
  },
  "a port beyond the last is none": {
    file: "runner/egress/request-target.ts",
    find: "const portMax = 65_535;",
    replace: "const portMax = 99_999;",
  },
  "the log takes what can be stored": {
    file: "runner/egress/egress-log.ts",
    find: "this.#add(data ?? bare({ ...attempt, sequence: 1 }));",
    replace: "this.#add({ ...attempt, sequence: 1 });",
  },
  "a batch that is refused is split": {
    file: "runner/egress/egress-log.ts",
    find: "if (this.#deps.isRefused(error)) return this.#split(batch, ends);",
    replace: "if (this.#deps.isRefused(error)) return this.#batches.shift() !== undefined;",
  },
  "what isn't stored isn't made": {
    file: "runner/egress/outbound-connections.ts",
    find: "await Promise.all([recorded, connecting])",
    replace: "await Promise.all([recorded.catch(() => {}), connecting])",
  },
  "a host that has gone is told, not thrown": {
    file: "runner/egress/bound-exchange.ts",
    find: "if (made === null) done?.(",
    replace: "if (made === null) throw (",
  },
  "what nobody catches ends one execution": {
    file: "runner/supervisor/supervise.ts",
    find: 'process.on("uncaughtException", ',
    replace: 'process.on("uncaughtExceptionMonitor", ',
  },
} as const satisfies Readonly<Record<string, Alteration>>;
