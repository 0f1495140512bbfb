import { expect, test } from "vitest";
import { parseCpuMillis, parseMemoryBytes } from "./quantities.ts";

test.each([
  ["2", 2_000],
  ["500m", 500],
  ["1.5", null],
  ["", null],
])("%j of CPU is %s thousandths", (text, millis) => {
  expect(parseCpuMillis(text)).toBe(millis);
});

test.each([
  ["2Gi", 2 ** 31],
  ["512Mi", 2 ** 29],
  ["1G", 1e9],
  ["4096", 4_096],
  ["2 Gi", null],
  ["-1", null],
])("%j of memory is %s bytes", (text, bytes) => {
  expect(parseMemoryBytes(text)).toBe(bytes);
});
