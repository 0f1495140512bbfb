/** How the promises of the group EDG (edge and transport) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const edgControls: Readonly<Record<string, Control>> = {
  "EDG-2": {
    enforcedBy: "local/edge/address-limit.ts",
    test: "test/conformance/edge.test.ts",
    mutation: {
      file: "local/edge/address-limit.ts",
      find: "const admitted = ring.length < this.#requestsMax;",
      replace: "const admitted = ring.length <= this.#requestsMax;",
    },
  },
  "EDG-4": {
    enforcedBy: "shared/pipeline/headers.ts",
    test: "test/security/bad-input.test.ts",
    mutation: {
      file: "shared/pipeline/headers.ts",
      find: "max-age=63072000; includeSubDomains; preload",
      replace: "max-age=0",
    },
  },
  "EDG-6": {
    enforcedBy: "local/edge/route-table.ts",
    test: "test/security/internal.test.ts",
    mutation: {
      file: "shared/identity/id-token.ts",
      find: "{ issuer, audience, clockTolerance",
      replace: "{ issuer, clockTolerance",
    },
  },
  "EDG-7": {
    enforcedBy: "shared/pipeline/headers.ts",
    test: "test/security/strangers.test.ts",
    mutation: {
      file: "shared/pipeline/headers.ts",
      find: '"x-frame-options": "DENY",',
      replace: '"x-frame-options": "DENY", "access-control-allow-origin": "*",',
    },
  },
};
