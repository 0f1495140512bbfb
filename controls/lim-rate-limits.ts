/** How the promises of the group LIM (rate limits) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const limControls: Readonly<Record<string, Control>> = {
  "LIM-1": {
    enforcedBy: "shared/core/limits/sliding-window.ts",
    test: "test/money/limit.test.ts",
    mutation: {
      file: "shared/core/limits/sliding-window.ts",
      find: "if (used >= limit.max) {",
      replace: "if (used > limit.max) {",
    },
  },
  "LIM-2": {
    enforcedBy: "shared/core/money/hold.ts",
    test: "shared/core/money/hold.test.ts",
    mutation: {
      file: "shared/core/money/hold.ts",
      find: "  if (refused) return",
      replace: "  before.windows[keyId] = windows.key.window;\n  if (refused) return",
    },
  },
  "LIM-3": {
    enforcedBy: "shared/store/commit-coordinator.ts",
    test: "test/integration/store-down.test.ts",
    mutation: {
      file: "shared/store/commit-coordinator.ts",
      find: "await this.#retryUnavailable(batch, { queue, error });",
      replace: "resolveAll(decided.changes, null);",
    },
  },
};
