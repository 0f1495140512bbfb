import { describe, expect, test } from "vitest";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { baseManifests, snapshotManifests, workspaceManifests } from "./references.ts";

const sizes = { fileCount: 1, totalBytes: 1 };

describe("TEN-2 what collecting must leave", () => {
  test("is a workspace's newest manifest and the one that stands in for it", () => {
    const workspace = { ...sizes, manifestSha256: "new", previousManifestSha256: "old" };
    expect(workspaceManifests({ workspace, layers: [] })).toEqual(["new", "old"]);
    const first = { ...workspace, previousManifestSha256: null };
    expect(workspaceManifests({ workspace: first, layers: [] })).toEqual(["new"]);
    expect(workspaceManifests({ workspace: null, layers: [] })).toEqual([]);
  });

  test("WSP-4 is every layer of an environment, and a snapshot with what it is compared with", () => {
    const layer = { hash: "h", restoreBytes: 1, ...sizes, variables: [], builtAt: 0 };
    const layers = ["new", "old"].map((manifestSha256) => ({ ...layer, manifestSha256 }));
    expect(workspaceManifests({ workspace: null, layers })).toEqual(["new", "old"]);
    const head = { ...sizes, manifestSha256: "then" };
    expect(snapshotManifests({ head, baseManifestSha256: "before" })).toEqual(["then", "before"]);
    expect(snapshotManifests({ head: null, baseManifestSha256: null })).toEqual([]);
  });

  test("is what an execution started from, until it has ended", () => {
    const bases = { baseManifestSha256: "new", basePreviousManifestSha256: "old" };
    expect(baseManifests(sampleExecution(bases))).toEqual(["new", "old"]);
    const layer = { hash: "h", manifestSha256: "layer", restoreBytes: 1 };
    expect(baseManifests(sampleExecution({ layer }))).toEqual(["layer"]);
    expect(baseManifests(sampleExecution({ ...bases, status: "running" }))).toEqual(["new", "old"]);
    expect(baseManifests(sampleExecution({ ...bases, status: "failed" }))).toEqual([]);
    expect(baseManifests(sampleExecution())).toEqual([]);
  });
});
