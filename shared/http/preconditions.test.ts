import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgePreconditions, type Preconditions, rangeToFollow } from "./preconditions.ts";

const none: Preconditions = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };
const etag = '"new"';
const judge = (method: string, sent: Partial<Preconditions>, now: string | null = etag) =>
  judgePreconditions(method, { ...none, ...sent }, { etag: now });

describe("preconditions", () => {
  test.each([
    [{ ifMatch: etag }, "none"],
    [{ ifMatch: "*" }, "none"],
    [{ ifMatch: '"old" ,\t"new",' }, "none"],
    [{ ifMatch: '"old"' }, "failed"],
    [{ ifMatch: 'W/"new"' }, "failed"],
    [{ ifMatch: "new" }, "failed"],
    [{ ifMatch: "" }, "failed"],
    [{ ifNoneMatch: etag }, "not_modified"],
    [{ ifNoneMatch: 'W/"new"' }, "not_modified"],
    [{ ifNoneMatch: '"old", "new"' }, "not_modified"],
    [{ ifNoneMatch: "*" }, "not_modified"],
    [{ ifNoneMatch: '"old"' }, "none"],
    [{ ifNoneMatch: "new" }, "none"],
    // If-Match comes first, and both are compared with the current tag.
    [{ ifMatch: '"old"', ifNoneMatch: etag }, "failed"],
    [{ ifMatch: etag, ifNoneMatch: etag }, "not_modified"],
  ] as const)("%j of a GET are %s", (sent, verdict) => {
    expect(judge("GET", sent)).toBe(verdict);
    expect(judge("HEAD", sent)).toBe(verdict);
    // A refused change is never answered with 304.
    expect(judge("DELETE", sent)).toBe(verdict === "not_modified" ? "failed" : verdict);
  });

  test("of what has no tag, only * names it; of what isn't there, not even that", () => {
    expect(judge("PUT", { ifMatch: etag }, null)).toBe("failed");
    expect(judge("PUT", { ifMatch: "*" }, null)).toBe("none");
    const absent = (sent: Partial<Preconditions>) =>
      judgePreconditions("PUT", { ...none, ...sent }, null);
    expect([absent({ ifMatch: "*" }), absent({ ifNoneMatch: "*" })]).toEqual(["failed", "none"]);
  });
});

describe("a range", () => {
  const range = "bytes=5-";
  const follow = (method: string, ifRange: string | null) =>
    rangeToFollow(method, { ...none, range, ifRange }, etag);

  test.each([null, etag])("with If-Range: %s is followed", (ifRange) => {
    expect(follow("GET", ifRange)).toBe(range);
  });

  test.each(['"old"', 'W/"new"', "new", '"new", "old"', "*", "Sat, 01 Jan 2028 00:00:00 GMT"])(
    "with If-Range: %s isn't: the file may be another",
    (ifRange) => expect(follow("GET", ifRange)).toBeNull(),
  );

  test("is for GET alone", () => {
    expect([follow("HEAD", null), follow("POST", null)]).toEqual([null, null]);
  });
});

test("no header makes it fail, and no other tag passes for this one", () => {
  const header = fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(etag, '"old"', `W/${etag}`, ",", ", ") },
        { weight: 1, arbitrary: fc.constantFrom('"', "W/", " ", "new", "*", "\\") },
      ),
      { maxLength: 5 },
    )
    .map((parts) => parts.join(""));
  let passed = 0;
  fc.assert(
    fc.property(header, (text) => {
      if (judge("GET", { ifMatch: text }) !== "none") return;
      passed += 1;
      expect(text === "*" || text.split(",").some((tag) => tag.trim() === etag)).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(passed).toBeGreaterThan(10);
});
