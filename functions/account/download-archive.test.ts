import { describe, expect, test } from "vitest";
import { archiveAnswer } from "./download-archive.ts";

const etag = '"archive"';
const mebibyte = 1_048_576;
const none = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };

function answer(sizeBytes: number, sent: object = {}, method = "GET") {
  const request = { method, preconditions: { ...none, ...sent } };
  return archiveAnswer({ exportId: "export_1", sizeBytes, etag }, request);
}

describe("DAT-5 the download of an archive", () => {
  test.each([
    ["the whole", {}, 200],
    ["a range", { range: "bytes=5-" }, 206],
  ])("of %s announces no length that the platform doesn't send", (_what, sent, status) => {
    const large = answer(40 * mebibyte, sent);
    expect(large).toMatchObject({ status, headers: { etag, "content-type": "application/zip" } });
    expect(large.headers).not.toHaveProperty("content-length");
    const small = answer(5 * mebibyte, sent);
    expect(small.headers).toMatchObject({ "content-length": String(small.range.sizeBytes) });
  });

  test("by HEAD tells the length", () => {
    const { headers } = answer(40 * mebibyte, {}, "HEAD");
    expect(headers).toMatchObject({ "content-length": String(40 * mebibyte) });
  });

  test("heeds conditions before ranges", () => {
    const known = answer(10, { ifNoneMatch: etag, range: "bytes=50-" });
    expect(known).toMatchObject({ status: 304 });
    expect(known.headers).toEqual({ "accept-ranges": "bytes", etag });
    const failed = { code: "PRECONDITION_FAILED", headers: { etag } };
    expect(() => answer(10, { ifMatch: '"another"' })).toThrow(expect.objectContaining(failed));
    const range = { "content-range": "bytes 5-9/10", "content-length": "5" };
    expect(answer(10, { ifMatch: etag, range: "bytes=5-" }).headers).toMatchObject(range);
  });
});
