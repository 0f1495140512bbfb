import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFilter } from "../../../local/logging/filter.ts";
import { draws } from "../../../test/kit/draws.ts";
import { accessFilter } from "./access-filter.ts";

const anything = {
  ...{ keyId: null, userId: null, address: null, requestId: null, status: null },
  ...{ from: 0, until: 1_000 },
};
const entryWith = (fields: object, seconds = 0) =>
  ({
    ...{ logName: "projects/p/logs/run.googleapis.com%2Fstdout", severity: "INFO", labels: {} },
    ...{ resource: { type: "cloud_run_revision" }, timestamp: { seconds, nanos: 0 } },
    jsonPayload: { fields },
  }) as never;

test("AUD-4 a filter finds what it names and nothing else, whatever the value is", () => {
  // Few characters, so that values are often equal but for what quoting has to keep apart.
  const near = fc.string({ unit: fc.constantFrom('"', "\\", "a", "A"), maxLength: 3 });
  const value = fc.oneof(near, near, fc.string({ unit: "grapheme", maxLength: 30 }));
  let quoted = 0;
  fc.assert(
    fc.property(value, value, (one, other) => {
      const isFound = parseFilter(accessFilter("p", { ...anything, address: one }));
      const found = (stringValue: string) => isFound(entryWith({ address: { stringValue } }));
      expect(found(one)).toBe(true);
      expect(found(other)).toBe(one === other);
      if (/["\\]/.test(one)) quoted += 1;
    }),
    { numRuns: draws(1_000) },
  );
  expect(quoted).toBeGreaterThan(25);
});

test("a filter leaves out what is outside of its time, and other logs", () => {
  const isFound = parseFilter(accessFilter("p", { ...anything, status: 404 }));
  const fields = { status: { numberValue: 404 } };
  expect([isFound(entryWith(fields)), isFound(entryWith(fields, 1))]).toEqual([true, false]);
  const others = parseFilter(accessFilter("q", { ...anything, status: 404 }));
  expect(others(entryWith(fields))).toBe(false);
});
