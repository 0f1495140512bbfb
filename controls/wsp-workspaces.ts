/** How the promises of the group WSP (workspaces) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const wspControls: Readonly<Record<string, Control>> = {
  "WSP-1": {
    enforcedBy: "runner/supervisor/scan-workspace.ts",
    test: "runner/supervisor/odd-files.test.ts",
    mutation: {
      file: "runner/supervisor/scan-workspace.ts",
      find: "const modifiedAt = Math.min(Math.max(time, first), last);",
      replace: "const modifiedAt = [time, first, last][0] ?? 0;",
    },
  },
  "WSP-2": {
    enforcedBy: "runner/supervisor/fetch-workspace.ts",
    test: "runner/supervisor/any-tree.test.ts",
    mutation: {
      file: "runner/supervisor/fetch-workspace.ts",
      find: "chmodSync(target, entry.mode);",
      replace: 'if (entry.type === "file") chmodSync(target, entry.mode);',
    },
  },
  "WSP-3": {
    enforcedBy: "runner/supervisor/execution.ts",
    test: "test/sandbox/builds.test.ts",
    mutation: {
      file: "runner/supervisor/execution.ts",
      find: 'const isKept = !this.#isBuild || outcome === "success";',
      replace: 'const isKept = !this.#isBuild || outcome !== "cancelled";',
    },
  },
  "WSP-4": {
    enforcedBy: "shared/quotas/references.ts",
    test: "shared/quotas/references.test.ts",
    mutation: {
      file: "shared/quotas/references.ts",
      find: "known(head?.manifestSha256 ?? null, baseManifestSha256)",
      replace: "known(head?.manifestSha256 ?? null)",
    },
  },
  "WSP-5": {
    enforcedBy: "shared/google/transfer-objects.ts",
    test: "test/security/signed-files.test.ts",
    mutation: {
      file: "shared/google/transfer-objects.ts",
      find: '"x-goog-if-generation-match": "0",',
      replace: "",
    },
  },
};
