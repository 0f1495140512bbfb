/** How the promises of the group KEY (authentication) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const keyControls: Readonly<Record<string, Control>> = {
  "KEY-1": {
    enforcedBy: "shared/pipeline/credential.ts",
    test: "test/security/strangers.test.ts",
    mutation: {
      file: "shared/pipeline/credential.ts",
      find: 'throw refused("no credential");',
      replace: 'return { type: "nothing" };',
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
      find: "const ids = await runningOf(deps.store, whole, keyId);",
      replace: "const ids: readonly string[] = [];",
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
        containedBy: null,
        deletedAt: null,
        lineageId: null,
        turnNodes: [],
      } as unknown as ApiKey;
    }
    const value`,
    },
  },
  "KEY-8": {
    enforcedBy: "shared/pipeline/credential.ts",
    test: "test/integration/keys.test.ts",
    mutation: {
      file: "shared/pipeline/credential.ts",
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
  "KEY-10": {
    enforcedBy: "shared/store/commit-coordinator.ts",
    test: "shared/store/commit-coordinator.test.ts",
    mutation: {
      file: "shared/store/commit-coordinator.ts",
      find: "closes ? this.#queues.closingsOf(owner) : this.#queues.of(owner)",
      replace: "closes ? this.#queues.of(owner) : this.#queues.of(owner)",
    },
  },
};
