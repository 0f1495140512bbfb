/**
 * How the promises about audit rows and operations are kept on a laptop; `of-deployment.ts` says
 * how in the cloud.
 */
import type { Control } from "./control.ts";

export const controlsOfOperations: Readonly<Record<string, Control>> = {
  "AUD-7": {
    enforcedBy: "shared/pipeline/commit-change.ts",
    test: "test/e2e/main-job.test.ts",
    mutation: {
      file: "shared/pipeline/commit-change.ts",
      find: "[...withCondition(decided.writes, stillAllowed), row]",
      replace: "row ? withCondition(decided.writes, stillAllowed) : []",
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
