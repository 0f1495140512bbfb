/** EXE, NET and SEC: what holds against whoever runs inside. See `controls.ts`. */
import type { Control } from "./controls.ts";

/** By the promise's id. */
export const controlsOfIsolation: Readonly<Record<string, Control>> = {
  "EXE-6": {
    enforcedBy: "runner/egress/pinned.ts",
    test: "runner/egress/proxy-ways.test.ts",
    mutation: {
      file: "runner/egress/pinned.ts",
      find: "if (special === null) continue;",
      replace: 'if (special !== "loopback") continue;',
    },
  },
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
    enforcedBy: "shared/core/network-policy.ts",
    test: "runner/egress/proxy-ways.test.ts",
    mutation: {
      file: "shared/core/network-policy.ts",
      find: 'if (matching.length === 0) return refused("host_not_allowed");',
      replace: "if (matching.length === 0) return { allowed: true, host };",
    },
  },
  "NET-4": {
    enforcedBy: "runner/egress/exits.ts",
    test: "test/integration/network.test.ts",
    mutation: {
      file: "runner/egress/exits.ts",
      find: "attempt.end(error);",
      replace: "void error;",
    },
  },
};
