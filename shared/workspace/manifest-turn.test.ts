import { describe, expect, test } from "vitest";
import { countedPace } from "../../test/kit/counted-pace.ts";
import { type ManifestFile, manifestOf } from "../core/workspace/manifest.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import { inManifestTurn, type ManifestTurn } from "./manifest-turn.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");

function file(path: string, content: number): ManifestFile {
  const sha256 = content.toString(16).padStart(64, "0");
  return { path, type: "file", sha256, sizeBytes: 0, mode: 0o644, modifiedAt: 0, parts: [] };
}

/** Long enough for several steps. */
const long = (content: number) =>
  manifestOf(
    Array.from({ length: 5_000 }, (_, index) => file(`${"x".repeat(200)}${index}`, content)),
  );
const sides = { base: long(1), ours: long(2), theirs: long(3) };
const merge = async (turn: ManifestTurn) => await turn.merge(sides);

describe("TEN-1 a merge in its owner's turn", () => {
  test("is given up between two steps when its client goes, and leaves the turn", async () => {
    const client = new AbortController();
    const merged = inManifestTurn(owner, client.signal, async (turn) => {
      setImmediate(() => client.abort());
      return await merge(turn);
    });
    await expect(merged).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const { conflicts } = await inManifestTurn(owner, null, merge);
    expect(conflicts).toHaveLength(5_000);
  });
});

describe("TEN-1 work on long lists of files", () => {
  test("is done in pieces, each of which is followed by a rest", async () => {
    const paced = countedPace();
    await inManifestTurn(owner, null, merge, paced);
    expect(paced.pieces).toBeGreaterThan(50);
    // The first pieces of any work only let others go first.
    expect(paced.restedMs).toBeGreaterThanOrEqual(paced.pieces - 24);
  });
});
