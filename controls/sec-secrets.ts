/** How the promises of the group SEC (secrets) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const secControls: Readonly<Record<string, Control>> = {
  "SEC-1": {
    enforcedBy: "shared/secrets/sealing.ts",
    test: "shared/secrets/sealing.test.ts",
    mutation: {
      file: "shared/secrets/sealing.ts",
      find: "Buffer.from(JSON.stringify(binding))",
      replace: "Buffer.from(binding[0])",
    },
  },
  "SEC-2": {
    enforcedBy: "shared/contract/secret.ts",
    test: "test/security/canary.test.ts",
    mutation: {
      file: "functions/environments/put-secret.ts",
      find: "ok(storedBody(key, body.value))",
      replace: "ok({ ...storedBody(key, body.value), message: body.value })",
    },
  },
  "SEC-3": {
    enforcedBy: "functions/runner-gateway/index.ts",
    test: "test/integration/secrets.test.ts",
    mutation: {
      file: "functions/threads/index.ts",
      find: '"kms.wrap.environment-secrets",',
      replace: '"kms.wrap.environment-secrets", "kms.unwrap.environment-secrets",',
    },
  },
  "SEC-4": {
    enforcedBy: "shared/core/redaction/redaction.ts",
    test: "shared/core/redaction/redaction.test.ts",
    mutation: {
      file: "shared/core/redaction/units.ts",
      find: "of [...lines, ...value.split(escapedBreak)]",
      replace: "of lines.slice(0, 1)",
    },
  },
  "SEC-5": {
    enforcedBy: "runner/egress/bound-exchange.ts",
    test: "runner/egress/bound-secrets.test.ts",
    mutation: {
      file: "runner/egress/bound-exchange.ts",
      find: "if (!isTunnels) throw",
      replace: "if (hosts.length > 1) throw",
    },
  },
  "SEC-6": {
    enforcedBy: "shared/environments/shred.ts",
    test: "test/integration/secrets.test.ts",
    mutation: {
      file: "shared/environments/shred.ts",
      find: "[remove(sealingKeys.of(owner, environmentId), null)]",
      replace: "[]",
    },
  },
  "SEC-7": {
    enforcedBy: "shared/core/redaction/secret-kinds.ts",
    test: "shared/core/redaction/secret-kinds.test.ts",
    mutation: {
      file: "shared/core/redaction/secret-kinds.ts",
      find: "if (form.test(value)) return what;",
      replace: "if (form.test(value)) return null;",
    },
  },
  "SEC-8": {
    enforcedBy: "shared/core/describe-error.ts",
    test: "shared/core/describe-error.test.ts",
    mutation: {
      file: "shared/core/describe-error.ts",
      find: "if (error instanceof Fault) {",
      replace: "if (error instanceof Error) {",
    },
  },
};
