import { describe, expect, test } from "vitest";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import type { Manifest, ManifestEntry } from "../core/workspace/manifest.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import type { SnapshotPage } from "../store/read-snapshot.ts";
import type { Store } from "../store/store.ts";
import {
  baseManifests,
  referencedObjects,
  snapshotManifests,
  workspaceManifests,
} from "./references.ts";

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

describe("TEN-2 what is referenced is found by many calls, if one isn't enough", () => {
  const packsEach = 15_000;
  /** Manifests by their number, each with packs of its own and some that all of them have. */
  function manifestOf(sha256: string | null): Manifest {
    const own = Array.from({ length: packsEach }, (_, place) => `${sha256}-${place}`);
    const part = (pack: string) => ({ pack, offsetBytes: 0, sizeBytes: 1 });
    const file = (pack: string): ManifestEntry => ({
      ...{ type: "file", path: pack, mode: 0o644, sizeBytes: 1, modifiedAt: 0 },
      ...{ sha256: pack, parts: [part(pack)] },
    });
    return { v: 2, entries: [...own, "shared"].map(file) };
  }

  /** A store with so many snapshots of workspaces, and what was asked of each document. */
  function storeOf(count: number) {
    const asked = new Set<string>();
    const kept = Array.from({ length: count }, (_, number) => ({
      ...{ id: `snap_${number}`, createdAt: number, baseManifestSha256: null },
      head: { manifestSha256: `m${number}`, fileCount: 1, totalBytes: 1 },
    }));
    const snapshot = {
      get: async () => ({ value: null, version: null }),
      getParts: async () => [],
      nextParts: async (
        { path }: { path: string },
        { shape }: { shape: object },
        { after, limit }: SnapshotPage,
      ) => {
        for (const field of Object.keys(shape)) asked.add(field);
        const first = after === null ? 0 : Number(after.value) + 1;
        return path.endsWith("/snapshots") ? kept.slice(first, first + limit) : [];
      },
    };
    const store = {
      withSnapshot: async (work: (one: typeof snapshot) => unknown) => work(snapshot),
    };
    return { store: store as never, asked };
  }

  /** Calls until one comes to the end, each of which has time for so many manifests. */
  async function callsUntilFound(store: Store, { id, perCall }: { id: string; perCall: number }) {
    const owner = mintOwner(id, "production");
    for (let calls = 1; calls <= 20; calls += 1) {
      let count = 0;
      const read = async (_owner: Owner, sha256: string | null) => {
        count += 1;
        if (sha256 === "m1") throw new ApiError("NOT_FOUND");
        return manifestOf(sha256);
      };
      const isLate = () => count >= perCall;
      const found = await referencedObjects(store, owner, isLate, read).catch(() => null);
      if (found) return { calls, names: found.names };
    }
    return expect.fail("it never comes to the end");
  }

  test("however many packs all of its manifests have together", async () => {
    const { store, asked } = storeOf(20);
    const { calls, names } = await callsUntilFound(store, {
      id: `user_${"a".repeat(21)}`,
      perCall: 5,
    });
    expect(calls).toBeLessThan(8);
    expect(names).toContain("packs/m0-0");
    expect(names).toContain("packs/m19-0");
    expect(names.size).toBe(20 + 19 * packsEach + 1);
    // A snapshot's list of files may be a quarter of a megabyte long.
    expect([...asked].sort()).toEqual([
      ...["baseManifestSha256", "createdAt", "head", "id", "layers", "workspace"],
    ]);
  });
});
