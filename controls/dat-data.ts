/** How the promises of the group DAT (data) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const datControls: Readonly<Record<string, Control>> = {
  "DAT-6": {
    enforcedBy: "shared/core/retention/retention-table.ts",
    test: "test/integration/retention.test.ts",
    mutation: {
      file: "shared/executions/event-log.ts",
      find: "page.filter((batch) => !isExpired(batch, now))",
      replace: "page.filter((batch) => !isExpired(batch, 0))",
    },
  },
};
