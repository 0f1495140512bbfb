/**
 * How the promises of `controls/promises.json` are kept. `docs/controls.md` calls one kept only if
 * it is listed here, its test is named after it (`describe("EXE-3 …")`), and the mutation makes
 * that test fail, which `npm run test:mutations` tries. A promise that isn't listed is open.
 */

import type { Control } from "./control.ts";
import { controlsOfEdge } from "./of-edge.ts";
import { controlsOfIsolation } from "./of-isolation.ts";
import { controlsOfOwners } from "./of-owners.ts";
import { controlsOfSecrets } from "./of-secrets.ts";
import { controlsOfWorkspaces } from "./of-workspaces.ts";

/** Keys are the promises' ids. */
export const controls: Readonly<Record<string, Control>> = {
  "AUD-7": {
    enforcedBy: "shared/pipeline/commit-change.ts",
    test: "test/e2e/main-job.test.ts",
    mutation: {
      file: "shared/pipeline/commit-change.ts",
      find: "writes: [...decided.writes, row]",
      replace: "writes: row ? decided.writes : []",
    },
  },
  "BUD-1": {
    enforcedBy: "shared/core/money/caps.ts",
    test: "shared/core/money/account.test.ts",
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
    enforcedBy: "shared/core/money/settle.ts",
    test: "test/integration/recovery.test.ts",
    mutation: {
      file: "shared/core/money/settle.ts",
      find: "costMicrousd ?? heldMicrousd",
      replace: "costMicrousd ?? 0",
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
  "KEY-1": {
    enforcedBy: "shared/pipeline/gates.ts",
    test: "test/security/strangers.test.ts",
    mutation: {
      file: "shared/pipeline/gates.ts",
      find: 'throw new ApiError("UNAUTHORIZED", { cause: "no credential" });',
      replace: 'return { type: "nothing" };',
    },
  },
  "KEY-10": {
    enforcedBy: "shared/store/commit-coordinator.ts",
    test: "shared/store/commit-coordinator.test.ts",
    mutation: {
      file: "shared/store/commit-coordinator.ts",
      find: "closes ? this.#queues.closingsOf(owner) : this.#queues.of(owner)",
      replace: "closes ? this.#queues.of(owner) : this.#queues.of(owner)",
    },
  },
  "KEY-2": {
    enforcedBy: "shared/core/keys/api-key.ts",
    test: "shared/core/keys/api-key.test.ts",
    mutation: {
      file: "shared/core/keys/api-key.ts",
      find: 'createHash("sha256").update(key).digest("hex")',
      replace: "key",
    },
  },
  "KEY-3": {
    enforcedBy: "shared/core/keys/api-key.ts",
    test: "shared/core/keys/api-key.test.ts",
    mutation: {
      file: "shared/core/keys/api-key.ts",
      find: "if (!known) return null;",
      replace: "",
    },
  },
  "KEY-4": {
    enforcedBy: "shared/core/keys/key-bounds.ts",
    test: "shared/core/keys/key-bounds.test.ts",
    mutation: {
      file: "shared/core/keys/key-bounds.ts",
      find: 'if (!isCovered(inner.addressRanges, outer.addressRanges)) return "addressRanges";',
      replace: "",
    },
  },
  "KEY-5": {
    enforcedBy: "shared/keys/revoke-keys.ts",
    test: "test/integration/keys-closing.test.ts",
    mutation: {
      file: "shared/keys/revoke-keys.ts",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands there.
      find: "[`admission.closedKeys.${value.id}`]: now",
      replace: '["admission.closedKeys.none"]: now',
    },
  },
  "KEY-6": {
    enforcedBy: "functions/keys/rotate-key.ts",
    test: "test/integration/keys.test.ts",
    mutation: {
      file: "functions/keys/rotate-key.ts",
      find: "const graceEnd = now + Math.round(gracePeriodHours * hourMs);",
      replace: "const graceEnd = now;",
    },
  },
  "KEY-7": {
    enforcedBy: "shared/keys/api-key-cache.ts",
    test: "test/security/strangers.test.ts",
    mutation: {
      file: "shared/keys/api-key-cache.ts",
      find: "throw noSuchKey();\n    }\n    const value",
      replace: `return {
        id: "key_of_nobody",
        ownerId: "user_000000000000000000000",
        ownerState: "active",
        mode: "development",
        scopes: ["*"],
        environmentIds: null,
        addressRanges: null,
        expiresAt: null,
        revokedAt: null,
      } as unknown as ApiKey;
    }
    // A read`,
    },
  },
  "KEY-8": {
    enforcedBy: "shared/pipeline/gates.ts",
    test: "test/integration/keys.test.ts",
    mutation: {
      file: "shared/pipeline/gates.ts",
      find: 'config().PADDOCK_DEVELOPMENT_KEYS === "refused"',
      replace: "config().PADDOCK_DEVELOPMENT_KEYS === undefined",
    },
  },
  "KEY-9": {
    enforcedBy: "shared/identity/operators.ts",
    test: "test/integration/keys.test.ts",
    mutation: {
      file: "shared/identity/operators.ts",
      find: "if (found.value && found.value.removedAt === null) return found;",
      replace: 'return { value: { id: "anybody" } } as never;',
    },
  },
  "LIM-1": {
    enforcedBy: "shared/core/limits/sliding-window.ts",
    test: "test/money/limit.test.ts",
    mutation: {
      file: "shared/core/limits/sliding-window.ts",
      find: "if (used >= limit.max) {",
      replace: "if (used > limit.max) {",
    },
  },
  "LIM-2": {
    enforcedBy: "shared/core/money/hold.ts",
    test: "shared/core/money/account.test.ts",
    mutation: {
      file: "shared/core/money/hold.ts",
      find: "  if (refused) return",
      replace: "  before.windows[keyId] = windows.key.window;\n  if (refused) return",
    },
  },
  "LIM-3": {
    enforcedBy: "shared/store/commit-coordinator.ts",
    test: "test/integration/store-down.test.ts",
    mutation: {
      file: "shared/store/commit-coordinator.ts",
      find: "rejectAll(gaveUp, error);",
      replace: "finish(decided.parts, null);",
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
  "OWN-1": {
    enforcedBy: "shared/store/documents.ts",
    test: "test/security/other-owners.test.ts",
    mutation: {
      file: "shared/store/agents.ts",
      find: 'ownedCollection(["agents"], Agent)',
      replace: `{
  ...ownedCollection(["agents"], Agent),
  of: (_owner: unknown, id: string) => ({ path: "agents/" + id, schema: Agent }),
}`,
    },
  },
  "OWN-2": {
    enforcedBy: "shared/pipeline/run-route.ts",
    test: "test/security/other-owners.test.ts",
    mutation: {
      file: "shared/pipeline/run-route.ts",
      find: "return allows(caller.key.scopes, route.scope);",
      replace: "return caller.key.scopes.length > 0;",
    },
  },
  "OWN-3": {
    enforcedBy: "shared/identity/owner.ts",
    test: "shared/store/documents.test.ts",
    mutation: {
      file: "shared/identity/owner.ts",
      find: "ownerId.safeParse(id).success",
      replace: 'typeof id === "string"',
    },
  },
  ...controlsOfEdge,
  ...controlsOfIsolation,
  ...controlsOfOwners,
  ...controlsOfSecrets,
  ...controlsOfWorkspaces,
};
