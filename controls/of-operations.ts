/**
 * How the promises about audit rows and operations are kept on a laptop; `of-deployment.ts` says
 * how in the cloud.
 */
import type { Control } from "./control.ts";

export const controlsOfOperations: Readonly<Record<string, Control>> = {
  "AUD-5": {
    enforcedBy: "shared/audit/sequence-rows.ts",
    test: "test/integration/audit-sequencer.test.ts",
    mutation: {
      file: "shared/audit/sequence-rows.ts",
      find: "placeRow(owner, row, first + index)",
      replace: "placeRow(owner, row, first + rows.length - 1 - index)",
    },
  },
  "AUD-7": {
    enforcedBy: "shared/pipeline/commit-change.ts",
    test: "test/e2e/main-job.test.ts",
    mutation: {
      file: "shared/pipeline/commit-change.ts",
      find: "writes: [...decided.writes, row]",
      replace: "writes: row ? decided.writes : []",
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
