import { describe, expect, test } from "vitest";
import { packBytesMax } from "../protocol/runner.ts";
import { rangeAnswer } from "./range-answer.ts";

const etag = `"${"a".repeat(64)}"`;
const old = `"${"b".repeat(64)}"`;
const none = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };
const asked = (sent: object, method = "GET") => ({ method, preconditions: { ...none, ...sent } });
const file = { sizeBytes: 10, etag };
const large = { sizeBytes: 3 * packBytesMax, etag };

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
    expect(rangeAnswer(file, asked(sent))).toMatchObject({ status, range: { sizeBytes } });
  });

  test.each([
    [{ ifMatch: old, range: "bytes=50-" }, 412, { etag }],
    [{ range: "bytes=50-" }, 416, { etag, "content-range": "bytes */10" }],
  ])("%j is refused with %i, and says what is there", (sent, status, headers) => {
    expect(() => rangeAnswer(file, asked(sent))).toThrow(
      expect.objectContaining({ status, headers }),
    );
  });

  test.each([
    [{}, 200, 0],
    [{ range: "bytes=0-1,3-4" }, 200, 0],
    [{ range: "bytes=5-", ifRange: old }, 200, 0],
    [{ range: "bytes=7-" }, 206, 7],
  ])("of a large file that asks for %j is %i, of any length", (sent, status, offsetBytes) => {
    const answer = rangeAnswer(large, asked(sent));
    const sizeBytes = large.sizeBytes - offsetBytes;
    expect(answer).toEqual({ status, range: { offsetBytes, sizeBytes } });
  });

  test("by HEAD has no ranges, and tells any file's size", () => {
    const range = "bytes=5-";
    expect(rangeAnswer(file, asked({ range }, "HEAD"))).toMatchObject({ status: 200 });
    const whole = { offsetBytes: 0, sizeBytes: large.sizeBytes };
    expect(rangeAnswer(large, asked({}, "HEAD"))).toEqual({ status: 200, range: whole });
  });
});
