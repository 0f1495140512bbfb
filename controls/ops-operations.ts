/** How the promises of the group OPS (operations) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const opsControls: Readonly<Record<string, Control>> = {
  "OPS-4": {
    enforcedBy: "functions/meta/get-security-txt.ts",
    test: "test/integration/security-txt.test.ts",
    mutation: {
      file: "functions/meta/get-security-txt.ts",
      find: "const validDays = 30;",
      replace: "const validDays = 400;",
    },
  },
  "OPS-9": {
    enforcedBy: "shared/core/local-overrides.ts",
    test: "shared/core/local-overrides.test.ts",
    mutation: {
      file: "shared/core/local-overrides.ts",
      find: "if (inCloud !== undefined && overridden !== undefined) {",
      replace: "if (inCloud === undefined && overridden !== undefined) {",
    },
  },
};
