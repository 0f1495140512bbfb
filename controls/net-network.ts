/** How the promises of the group NET (network) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const netControls: Readonly<Record<string, Control>> = {
  "NET-1": {
    enforcedBy: "shared/environments/new-environment.ts",
    test: "test/integration/network.test.ts",
    mutation: {
      file: "shared/environments/new-environment.ts",
      find: 'const closed: Reach = { mode: "none", allow: [] };',
      replace: 'const closed: Reach = { mode: "internet", allow: [] };',
    },
  },
  "NET-2": {
    enforcedBy: "runner/egress/tunnel.ts",
    test: "runner/egress/proxy.test.ts",
    mutation: {
      file: "runner/egress/tunnel.ts",
      find: "if (asked?.name !== host.name) {",
      replace: "if (asked === null) {",
    },
  },
  "NET-3": {
    enforcedBy: "shared/core/network/network-policy.ts",
    test: "runner/egress/proxy-ways.test.ts",
    mutation: {
      file: "shared/core/network/network-policy.ts",
      find: 'if (matching.length === 0) return refused("host_not_allowed");',
      replace: "if (matching.length === 0) return { allowed: true, host };",
    },
  },
  "NET-4": {
    enforcedBy: "runner/egress/outbound-connections.ts",
    test: "test/integration/network.test.ts",
    mutation: {
      file: "runner/egress/outbound-connections.ts",
      find: "attempt.end(error);",
      replace: "void error;",
    },
  },
  "NET-5": {
    enforcedBy: "shared/http/framing.ts",
    test: "test/framing.test.ts",
    mutation: {
      file: "shared/http/framing.ts",
      find: 'if (framing.kind === "chunked") return [',
      replace: 'if (framing.kind === "chunked" && !isBodiless) return [',
    },
  },
  "NET-6": {
    enforcedBy: "runner/egress/outbound-connections.ts",
    test: "runner/egress/proxy-record.test.ts",
    mutation: {
      file: "runner/egress/outbound-connections.ts",
      find: "Promise.all([recorded, connecting])",
      replace: "Promise.all([recorded.catch(() => {}), connecting])",
    },
  },
  "NET-7": {
    enforcedBy: "runner/egress/platform.ts",
    test: "runner/egress/proxy-ways.test.ts",
    mutation: {
      file: "runner/egress/platform.ts",
      find: "if (reachesServices) return false;",
      replace: "if (!reachesServices) return false;",
    },
  },
};
