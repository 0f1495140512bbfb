/** How the promises of the group AUD (audit) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const audControls: Readonly<Record<string, Control>> = {
  "AUD-1": {
    enforcedBy: "shared/keys/refused-key-uses.ts",
    test: "test/integration/key-uses.test.ts",
    mutation: {
      file: "shared/keys/refused-key-uses.ts",
      find: "[document, ...rows, keyExists]",
      replace: "[document, keyExists]",
    },
  },
  "AUD-2": {
    enforcedBy: "shared/pipeline/request-log.ts",
    test: "test/integration/key-uses.test.ts",
    mutation: {
      file: "shared/pipeline/request-facts.ts",
      find: 'withoutKeys(request.headers["user-agent"] ?? "")',
      replace: '(request.headers["user-agent"] ?? "")',
    },
  },
  "AUD-3": {
    enforcedBy: "shared/executions/end-execution.ts",
    test: "test/integration/audit-rows.test.ts",
    mutation: {
      file: "shared/executions/end-execution.ts",
      find: "durationMs: execution.claimedAt === null ? null : end.now - execution.claimedAt,",
      replace: "",
    },
  },
  "AUD-4": {
    enforcedBy: "shared/pipeline/owner-request-security.ts",
    test: "test/integration/audit-rows.test.ts",
    mutation: {
      file: "shared/pipeline/owner-request-security.ts",
      find: "actor: { type: caller.type, id: caller.id }",
      replace: 'actor: { type: "maintenance", id: caller.id }',
    },
  },
  "AUD-5": {
    enforcedBy: "shared/audit/sequence-rows.ts",
    test: "test/integration/audit-sequencer.test.ts",
    mutation: {
      file: "shared/audit/sequence-rows.ts",
      find: "placeRow(owner, row, first + index)",
      replace: "placeRow(owner, row, first + rows.length - 1 - index)",
    },
  },
  "AUD-6": {
    enforcedBy: "shared/pipeline/recorded-read.ts",
    test: "test/integration/audit.test.ts",
    mutation: {
      file: "shared/pipeline/record-read.ts",
      find: "{ v: 1, hour, expireAt }), row]",
      replace: "{ v: 1, hour, expireAt })]",
    },
  },
  "AUD-7": {
    enforcedBy: "shared/pipeline/commit-change.ts",
    test: "test/e2e/main-job.test.ts",
    mutation: {
      file: "shared/pipeline/commit-change.ts",
      find: "[...withCondition(decided.writes, stillAllowed), row]",
      replace: "row ? withCondition(decided.writes, stillAllowed) : []",
    },
  },
  "AUD-8": {
    enforcedBy: "audit/verify-evidence.ts",
    test: "audit/verify-evidence.test.ts",
    mutation: {
      file: "shared/core/audit/evidence-format.ts",
      find: "leaf: hashLeaf(canonicalBytes({ field, entry })),",
      replace: "leaf: hashLeaf(canonicalBytes({ field })),",
    },
  },
  "AUD-9": {
    enforcedBy: "functions/audit-details/open-details.ts",
    test: "test/integration/evidence.test.ts",
    mutation: {
      file: "functions/audit-details/open-details.ts",
      find: "leafHash(AuditRow.parse(row)) !== row.leafHash",
      replace: 'row.leafHash === ""',
    },
  },
  "AUD-10": {
    enforcedBy: "shared/audit/ask-witnesses.ts",
    test: "shared/audit/ask-witnesses.test.ts",
    mutation: {
      file: "shared/audit/witness-client.ts",
      find: 'if (typeof signedAt !== "bigint" || signedAt <= 0n) return refused("its cosignature is wrong");',
      replace: "",
    },
  },
};
