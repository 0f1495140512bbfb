import { describe, expect, test } from "vitest";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import { packBytesMax } from "#shared/protocol/runner";
import { answerFor } from "./download-answer.ts";
import { requireCurrent } from "./file-etag.ts";

const file = (changes: Partial<ManifestFile> = {}): ManifestFile => ({
  ...{ path: "a", type: "file", sha256: "a".repeat(64), sizeBytes: 10, mode: 0o644 },
  ...{ modifiedAt: 0, parts: [], ...changes },
});
const etag = `"${"a".repeat(64)}"`;
const old = `"${"b".repeat(64)}"`;
const none = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };
const asked = (sent: object, method = "GET") => ({ method, preconditions: { ...none, ...sent } });
const large = file({ sizeBytes: 3 * packBytesMax });

describe("a download", () => {
  test.each([
    [{ range: "bytes=5-" }, 206, 5],
    [{ range: "bytes=5-", ifRange: etag }, 206, 5],
    [{ range: "bytes=5-", ifRange: old }, 200, 10],
    [{ ifRange: old }, 200, 10],
    [{ ifNoneMatch: etag, range: "bytes=5-" }, 304, 10],
    // The range alone would be 416, but an unchanged file is answered first.
    [{ ifNoneMatch: etag, range: "bytes=50-" }, 304, 10],
    [{ ifMatch: etag, ifNoneMatch: old, range: "bytes=5-" }, 206, 5],
    [{ range: "bytes=50-", ifRange: old }, 200, 10],
  ])("%j is %i", (sent, status, sizeBytes) => {
    expect(answerFor(file(), asked(sent))).toMatchObject({ status, range: { sizeBytes } });
  });

  test.each([
    [{ ifMatch: old, range: "bytes=50-" }, 412, { etag }],
    [{ range: "bytes=50-" }, 416, { etag, "content-range": "bytes */10" }],
  ])("%j is refused with %i, and says what is there", (sent, status, headers) => {
    expect(() => answerFor(file(), asked(sent))).toThrow(
      expect.objectContaining({ status, headers }),
    );
  });

  test.each([
    [{}, 200, 0],
    [{ range: "bytes=0-1,3-4" }, 200, 0],
    [{ range: "bytes=5-", ifRange: old }, 200, 0],
    [{ range: "bytes=7-" }, 206, 7],
  ])("of a large file that asks for %j is %i, of any length", (sent, status, offsetBytes) => {
    const answer = answerFor(large, asked(sent));
    const sizeBytes = large.sizeBytes - offsetBytes;
    expect(answer).toEqual({ status, range: { offsetBytes, sizeBytes } });
  });

  test("by HEAD has no ranges, and tells any file's size", () => {
    const range = "bytes=5-";
    expect(answerFor(file(), asked({ range }, "HEAD"))).toMatchObject({ status: 200 });
    const whole = { offsetBytes: 0, sizeBytes: large.sizeBytes };
    expect(answerFor(large, asked({}, "HEAD"))).toEqual({ status: 200, range: whole });
  });
});

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
