/** How the promises of the group AUT (what starts without a client) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const autControls: Readonly<Record<string, Control>> = {
  "AUT-1": {
    enforcedBy: "shared/schedules/decide-firing.ts",
    test: "test/integration/schedule-crashes.test.ts",
    mutation: {
      file: "shared/schedules/decide-firing.ts",
      find: "const moving = moved(basis, { ...next, ...counted, keyId });",
      replace: "const moving = moved(basis, counted);",
    },
  },
  "AUT-2": {
    enforcedBy: "shared/keys/acting-key.ts",
    test: "test/integration/schedules.test.ts",
    mutation: {
      file: "shared/keys/acting-key.ts",
      find: 'requireKeyScope(scopes, scope, "which is needed to start executions");',
      replace: "void [scopes, scope, requireKeyScope];",
    },
  },
  "AUT-3": {
    enforcedBy: "shared/core/triggers/verify-webhook.ts",
    test: "shared/core/triggers/webhooks.test.ts",
    mutation: {
      file: "shared/core/triggers/verify-webhook.ts",
      find: "if (Math.abs(Number(timestamp) * 1_000 - now) > replayWindowMs) {",
      replace: "if (Number(timestamp) * 1_000 - now > replayWindowMs) {",
    },
  },
  "AUT-4": {
    enforcedBy: "shared/core/money/run-hold.ts",
    test: "shared/core/money/run-hold.test.ts",
    mutation: {
      file: "shared/core/money/run-hold.ts",
      find: "const left = run.amountMicrousd - amountMicrousd;",
      replace: "const left = run.amountMicrousd;",
    },
  },
  "AUT-5": {
    enforcedBy: "shared/core/orchestrations/next-steps.ts",
    test: "shared/core/orchestrations/steps.test.ts",
    mutation: {
      file: "shared/core/orchestrations/next-steps.ts",
      find: 'status === "pending" && ready.has(stepId) ? [index] : [],',
      replace: "ready.has(stepId) ? [index] : [],",
    },
  },
};
