import { describe, expect, test } from "vitest";
import { ApiError } from "#shared/errors/api-error";
import { mintOwner } from "#shared/identity/owner";
import type { Ref } from "#shared/store/documents";
import type { Execution } from "#shared/store/executions";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { gatherEvidence } from "./gather-evidence.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const log = { origin: "paddock.test/audit/1", readNote: async () => null };

/** A store whose trail is under no checkpoint, which it says before anything else. */
function storeWith(execution: Execution | null) {
  return {
    require: async (ref: Ref) => {
      await new Promise(setImmediate);
      if (!execution) throw new ApiError("NOT_FOUND");
      return { ref, value: execution, version: null };
    },
    exists: async () => true,
    findAll: async () => [],
    findFitting: async () => [],
    getAll: async (...refs: readonly Ref[]) => refs.map((ref) => ({ ref, value: null })),
    withSnapshot: async () => {
      throw new ApiError("AUDIT_PENDING");
    },
  };
}

const gather = async (execution: Execution | null) =>
  await gatherEvidence({ store: storeWith(execution) as never, owner, log, now: 0 }, "run_a");

describe("AUD-8 evidence that can't be made", () => {
  test("says first that there is no such execution, or that it runs", async () => {
    await expect(gather(null)).rejects.toMatchObject({ code: "NOT_FOUND" });
    for (const status of ["queued", "running"] as const) {
      await expect(gather(sampleExecution({ status }))).rejects.toMatchObject({
        code: "EXECUTION_RUNNING",
        headers: { "retry-after": "10" },
      });
    }
  });

  test("of an execution without rows in a tree has nulls with reasons, and no head", async () => {
    const { trail, rows, task, image, files, filesReason } = await gather(
      sampleExecution({ status: "failed", endedAt: 1 }),
    );
    expect({ trail, rows, files }).toEqual({ trail: null, rows: [], files: null });
    expect(task).toMatchObject({ contentDigest: null, reason: expect.any(String) });
    expect(image).toEqual({ reference: null, reason: "No container was started." });
    expect(filesReason).toBe("No runner has reported what it saved.");
  });
});
