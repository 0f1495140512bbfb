/** How the promises of the group MOD (language models) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const modControls: Readonly<Record<string, Control>> = {
  "MOD-1": {
    enforcedBy: "functions/model-gateway/model-gateway.ts",
    test: "functions/model-gateway/model-gateway.test.ts",
    mutation: {
      file: "functions/model-gateway/model-gateway.ts",
      find: "if ([401, 402, 403].includes(status) || (status >= 300 && status < 400)) {",
      replace: "if (status >= 300 && status < 400) {",
    },
  },
  "MOD-2": {
    enforcedBy: "shared/core/money/model-meter.ts",
    test: "shared/core/money/model-meter.test.ts",
    mutation: {
      file: "shared/core/money/model-meter.ts",
      find: "  if (missingMicrousd > 0) return",
      replace: "  if (missingMicrousd > 1_000_000) return",
    },
  },
  "MOD-3": {
    enforcedBy: "shared/core/money/model-meter.ts",
    test: "shared/core/money/model-meter.test.ts",
    mutation: {
      file: "shared/core/money/model-meter.ts",
      find: 'end.type === "reported" ? end.costMicrousd : call.ceilingMicrousd;',
      replace: 'end.type === "reported" ? end.costMicrousd : 0;',
    },
  },
  "MOD-4": {
    enforcedBy: "functions/model-gateway/requests/fields.ts",
    test: "functions/model-gateway/requests/requests.test.ts",
    mutation: {
      file: "functions/model-gateway/requests/fields.ts",
      find: "if (allowed.has(name) || inner === null || inner === undefined) continue;",
      replace: "if (allowed.size > 0) continue;",
    },
  },
  "MOD-5": {
    enforcedBy: "runner/agent/language/tool-output.ts",
    test: "runner/agent/language/agent-loop.test.ts",
    mutation: {
      file: "runner/agent/language/tool-output.ts",
      find: 'text.replaceAll(endTag, "<\\\\/")',
      replace: "text",
    },
  },
};
