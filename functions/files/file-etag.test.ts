import { describe, expect, test } from "vitest";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import { requireCurrent } from "./file-etag.ts";

const file = (changes: Partial<ManifestFile> = {}): ManifestFile => ({
  ...{ path: "a", type: "file", sha256: "a".repeat(64), sizeBytes: 10, mode: 0o644 },
  ...{ modifiedAt: 0, parts: [], ...changes },
});
const etag = `"${"a".repeat(64)}"`;
const old = `"${"b".repeat(64)}"`;
const none = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };
const asked = (sent: object, method = "GET") => ({ method, preconditions: { ...none, ...sent } });

describe("a change of a file", () => {
  const current = (entry: Parameters<typeof requireCurrent>[1], sent: object) => () =>
    requireCurrent(asked(sent, "DELETE"), entry);
  const refused = expect.objectContaining({ code: "PRECONDITION_FAILED" });

  test.each([
    ["the file it was", file(), { ifMatch: etag }],
    ["any file", file(), { ifMatch: "*" }],
    ["any folder", "folder", { ifMatch: "*" }],
    ["no file", undefined, { ifNoneMatch: "*" }],
    ["another file", file(), { ifNoneMatch: old }],
  ] as const)("made for %s is made", (_what, entry, sent) => {
    expect(current(entry, sent)).not.toThrow();
  });

  test.each([
    ["another file", file(), { ifMatch: old }],
    ["a file where there is none", undefined, { ifMatch: "*" }],
    ["a file where a folder is", "folder", { ifMatch: etag }],
    ["no file where one is", file(), { ifNoneMatch: "*" }],
    ["no file where a folder is", "folder", { ifNoneMatch: "*" }],
  ] as const)("made for %s isn't", (_what, entry, sent) => {
    expect(current(entry, sent)).toThrow(refused);
  });
});
