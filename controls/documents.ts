/**
 * How promises are kept by documents that must be present and current: the proofs of kind `D`.
 * `controls.ts` has the proofs on a laptop, `deployment.ts` those over Terraform's plan.
 */
import type { Control } from "./control.ts";

/** Keys are the promises' ids. */
export const documentControls: Readonly<Record<string, Control>> = {
  "OPS-3": {
    enforcedBy: ".github/dependabot.yml",
    test: "test/workflows.test.ts",
    mutation: {
      file: ".github/dependabot.yml",
      find: "directory: /\n    schedule:\n      interval: weekly\n    groups:\n      minor",
      replace: "directory: /\n    schedule:\n      interval: monthly\n    groups:\n      minor",
    },
  },
  "OPS-4": {
    enforcedBy: "SECURITY.md",
    test: "test/promised-pages.test.ts",
    mutation: { file: "SECURITY.md", find: "within 24 hours", replace: "in due course" },
  },
  "OPS-5": {
    enforcedBy: "docs/compliance.md",
    test: "test/promised-pages.test.ts",
    mutation: {
      file: "docs/compliance.md",
      find: "| A.12.1 where data lies | regions | tells customers: the United States | DAT-2 |",
      replace: "| A.12.1 where data lies | regions |  | DAT-2 |",
    },
  },
  "OPS-6": {
    enforcedBy: "docs/on-call.md",
    test: "test/policy/on-call.test.ts",
    mutation: {
      file: "docs/on-call.md",
      find: "| Requests fail on our side | now |",
      replace: "| Requests fail | now |",
    },
  },
  "OPS-7": {
    enforcedBy: "records/find-record-faults.ts",
    test: "records/find-record-faults.test.ts",
    mutation: {
      file: "records/find-record-faults.ts",
      find: "ageDays <= maxAgeDays",
      replace: "ageDays >= 0",
    },
  },
  "OPS-8": {
    enforcedBy: "docs/privacy.md",
    test: "test/promised-pages.test.ts",
    mutation: {
      file: "docs/privacy.md",
      find: "`alerts` without `webhook`",
      replace: "`pager.enabled`",
    },
  },
};
