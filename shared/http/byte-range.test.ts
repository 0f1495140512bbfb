import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestedBytes } from "./byte-range.ts";

const huge = "9".repeat(40);
const bytes = (offsetBytes: number, sizeBytes: number) => ({ offsetBytes, sizeBytes });

describe("of ten bytes", () => {
  test.each([
    ["bytes=0-0", bytes(0, 1)],
    ["bytes=2-4", bytes(2, 3)],
    ["bytes=5-", bytes(5, 5)],
    ["bytes=5-9", bytes(5, 5)],
    ["bytes=5-10", bytes(5, 5)],
    [`bytes=5-${huge}`, bytes(5, 5)],
    ["bytes=-3", bytes(7, 3)],
    ["bytes=-10", bytes(0, 10)],
    [`bytes=-${huge}`, bytes(0, 10)],
    ["Bytes=1-1", bytes(1, 1)],
    ["bytes=, 1-1 ,\t,", bytes(1, 1)],
    ["bytes= \t 1-1\t \t", bytes(1, 1)],
    // Only one of the ranges is satisfiable, so it is answered.
    ["bytes=20-30, 1-2, -0", bytes(1, 2)],
  ])("%s is that part", (header, part) => {
    expect(requestedBytes(header, 10)).toEqual(part);
  });

  test.each(["bytes=10-", "bytes=10-20", `bytes=${huge}-`, "bytes=-0", "bytes=10-,20-30"])(
    "%s lies outside",
    (header) => expect(requestedBytes(header, 10)).toBe("unsatisfiable"),
  );

  test.each([
    ...[null, "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=1", "bytes=1-2-3"],
    ...[
      "bytes=5-2",
      "bytes =1-2",
      "bytes= 1 - 2",
      "bytes=+1-2",
      "bytes=0x1-2",
      "bytes=1-2;3-4",
      "bytes=1- \t2",
    ],
    // One invalid element makes the header invalid (RFC 9110).
    ...["bytes=1-2, 5-2", "bytes=20-30, x", "lines=1-2", "none", "bytes=1-2, bytes=3-4"],
    // Several satisfiable ranges.
    ...["bytes=0-0,2-2", "bytes=0-,0-,0-", "bytes=0-4,-1"],
  ])("%s is ignored", (header) => {
    expect(requestedBytes(header, 10)).toBe("whole");
  });
});

test("numbers that no number type holds are only large", () => {
  const digits = "9".repeat(400);
  expect(requestedBytes(`bytes=5-${digits}`, 10)).toEqual(bytes(5, 5));
  expect(requestedBytes(`bytes=-${digits}`, 10)).toEqual(bytes(0, 10));
  expect(requestedBytes(`bytes=${digits}-`, 10)).toBe("unsatisfiable");
});

test("of no bytes, the end is the whole and the rest lies outside", () => {
  expect(requestedBytes("bytes=-5", 0)).toBe("whole");
  expect(requestedBytes("bytes=0-", 0)).toBe("unsatisfiable");
  expect(requestedBytes("bytes=-0", 0)).toBe("unsatisfiable");
});

test("what is answered always lies inside", () => {
  const number = fc.constantFrom("", "0", "3", "10", "17", huge);
  const range = fc.tuple(number, number).map((ends) => ends.join("-"));
  const part = fc.oneof(
    { weight: 6, arbitrary: range },
    { weight: 1, arbitrary: fc.constantFrom("bytes=", "-", ",", " ", "x") },
  );
  const header = fc.array(part, { minLength: 1, maxLength: 3 });
  let parts = 0;
  fc.assert(
    fc.property(header, fc.integer({ min: 0, max: 20 }), (ranges, size) => {
      const found = requestedBytes(`bytes=${ranges.join(",")}`, size);
      if (typeof found === "string") return;
      parts += 1;
      expect(found.sizeBytes).toBeGreaterThan(0);
      expect(found.offsetBytes).toBeGreaterThanOrEqual(0);
      expect(found.offsetBytes + found.sizeBytes).toBeLessThanOrEqual(size);
    }),
    { numRuns: 500 },
  );
  expect(parts).toBeGreaterThan(10);
});
