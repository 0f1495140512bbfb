import { describe, expect, test } from "vitest";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { baseManifests, workspaceManifests } from "./references.ts";

const sizes = { fileCount: 1, totalBytes: 1 };

describe("TEN-2 what collecting must leave", () => {
  test("is a workspace's newest manifest and the one that stands in for it", () => {
    const workspace = { ...sizes, manifestSha256: "new", previousManifestSha256: "old" };
    expect(workspaceManifests({ workspace, layers: [] })).toEqual(["new", "old"]);
    const first = { ...workspace, previousManifestSha256: null };
    expect(workspaceManifests({ workspace: first, layers: [] })).toEqual(["new"]);
    expect(workspaceManifests({ workspace: null, layers: [] })).toEqual([]);
  });

  test("is what an execution started from, until it has ended", () => {
    const bases = { baseManifestSha256: "new", basePreviousManifestSha256: "old" };
    expect(baseManifests(sampleExecution(bases))).toEqual(["new", "old"]);
    expect(baseManifests(sampleExecution({ ...bases, status: "running" }))).toEqual(["new", "old"]);
    expect(baseManifests(sampleExecution({ ...bases, status: "failed" }))).toEqual([]);
    expect(baseManifests(sampleExecution())).toEqual([]);
  });
});
