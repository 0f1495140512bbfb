/** How the promises of the group DAT (data) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const datControls: Readonly<Record<string, Control>> = {
  "DAT-3": {
    enforcedBy: "shared/deletion/finish-deletion.ts",
    test: "test/integration/deletion.test.ts",
    mutation: {
      file: "shared/executions/shown-execution.ts",
      find: "if (!hasThread) throw",
      replace: 'if (!hasThread && found.value.status === "queued") throw',
    },
  },
  "DAT-4": {
    enforcedBy: "shared/deletion/find-remains.ts",
    test: "test/integration/account-deletion.test.ts",
    mutation: {
      file: "shared/deletion/find-remains.ts",
      find: "await removeBelow(stores.store, path, 0),",
      replace: "0,",
    },
  },
  "DAT-5": {
    enforcedBy: "shared/exports/archive-entries.ts",
    test: "test/integration/account-export.test.ts",
    mutation: {
      file: "shared/exports/archive-entries.ts",
      find: "for (const entry of entries) if (holdsBytes(entry)) yield fileEntry(place, entry);",
      replace: "",
    },
  },
  "DAT-6": {
    enforcedBy: "shared/core/retention/retention-table.ts",
    test: "test/integration/retention.test.ts",
    mutation: {
      file: "shared/executions/event-log.ts",
      find: "page.filter((batch) => !isExpired(batch, now))",
      replace: "page.filter((batch) => !isExpired(batch, 0))",
    },
  },
  "DAT-7": {
    enforcedBy: "shared/deletion/erase-documents.ts",
    test: "test/retention.test.ts",
    mutation: {
      file: "shared/core/retention/retention-table.ts",
      find: 'owned("executions/*/egress", withExecution)',
      replace: 'owned("executions/*/egress")',
    },
  },
};
