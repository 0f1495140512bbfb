/** How the promises of the group BUD (budget) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const budControls: Readonly<Record<string, Control>> = {
  "BUD-1": {
    enforcedBy: "shared/core/money/caps.ts",
    test: "shared/core/money/hold.test.ts",
    mutation: {
      file: "shared/core/money/caps.ts",
      find: "leftMicrousd: spendableMicrousd(account) }",
      replace: "leftMicrousd: account.balanceMicrousd }",
    },
  },
  "BUD-2": {
    enforcedBy: "shared/executions/start-refusal.ts",
    test: "test/integration/budget.test.ts",
    mutation: {
      file: "shared/executions/start-refusal.ts",
      find: "resetsAt: resetsAt === null ? null : iso(resetsAt),",
      replace: "resetsAt: null,",
    },
  },
  "BUD-3": {
    enforcedBy: "shared/store/decide-together.ts",
    test: "test/money/overspend.test.ts",
    mutation: {
      file: "shared/store/decide-together.ts",
      find: "return [replace(accounts.of(owner, accountId), known.version, account)];",
      replace:
        "return [{ ...replace(accounts.of(owner, accountId), known.version, account), version: null }];",
    },
  },
  "BUD-4": {
    enforcedBy: "shared/core/money/settle.ts",
    test: "shared/core/money/settle.test.ts",
    mutation: {
      file: "shared/core/money/settle.ts",
      find: "Math.min(cost, heldMicrousd)",
      replace: "Math.max(cost, heldMicrousd)",
    },
  },
  "BUD-5": {
    enforcedBy: "functions/runner-gateway/extend-lease.ts",
    test: "test/failures/slices.test.ts",
    mutation: {
      file: "functions/runner-gateway/extend-lease.ts",
      find: '(isOver(beat, heldMicrousd) ? "budget" : null)',
      replace: "(beat ? null : null)",
    },
  },
  "BUD-6": {
    enforcedBy: "shared/executions/end-execution.ts",
    test: "test/integration/recovery.test.ts",
    mutation: {
      file: "shared/executions/end-execution.ts",
      find: "end.costMicrousd ?? timeHoldMicrousd(execution)",
      replace: "end.costMicrousd ?? 0",
    },
  },
  "BUD-7": {
    enforcedBy: "shared/owners/check-ledger.ts",
    test: "test/integration/ledger.test.ts",
    mutation: {
      file: "shared/core/money/ledger.ts",
      find: '["balance", account.balanceMicrousd, rebuilt.balanceMicrousd],',
      replace: "",
    },
  },
  "BUD-8": {
    enforcedBy: "functions/billing/preview-start.ts",
    test: "test/integration/budget.test.ts",
    mutation: {
      file: "functions/billing/preview-start.ts",
      find: "computeCostMicrousd(profile, wallClockMs)",
      replace: "computeCostMicrousd(profile, wallClockMs / 2)",
    },
  },
  "BUD-9": {
    enforcedBy: "shared/core/money/hold.ts",
    test: "shared/core/money/hold.test.ts",
    mutation: {
      file: "shared/core/money/hold.ts",
      find: "if (held === 0 || held + requiredMicrousd <= limitMicrousd) return null;",
      replace: "if (held >= 0) return null;",
    },
  },
};
