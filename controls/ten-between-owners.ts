/** How the promises of the group TEN (between owners) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const tenControls: Readonly<Record<string, Control>> = {
  "TEN-1": {
    enforcedBy: "shared/limits/fair-gate.ts",
    test: "shared/limits/fair-gate.test.ts",
    mutation: {
      file: "shared/limits/fair-gate.ts",
      find: "return this.#running < (this.#isShared(nowMs) ? sharedMax : aloneMax);",
      replace: "return this.#running < aloneMax;",
    },
  },
  "TEN-2": {
    enforcedBy: "shared/quotas/store-object.ts",
    test: "shared/quotas/store-object.test.ts",
    mutation: {
      file: "shared/quotas/store-object.ts",
      find: "if (used <= limit) return;",
      replace: "if (used > 0) return;",
    },
  },
};
