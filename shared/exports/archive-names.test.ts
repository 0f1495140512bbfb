import fc from "fast-check";
import { expect, test } from "vitest";
import { draws } from "../../test/kit/draws.ts";
import { fileNameOf } from "./archive-names.ts";

test("DAT-5 different files have different names, which no program takes for other places", () => {
  const odd = fc.constantFrom(...'\\:*?"<>|%./ aA25', "\u202E", "\n");
  const near = fc.string({ unit: odd, minLength: 1, maxLength: 4 });
  const path = fc.oneof(near, near, fc.string({ unit: "binary", minLength: 1, maxLength: 30 }));
  let written = 0;
  fc.assert(
    fc.property(path, path, (one, other) => {
      expect(fileNameOf("env_a", one) === fileNameOf("env_a", other)).toBe(one === other);
      expect(fileNameOf("env_a", one)).not.toMatch(/[\\:*?"<>|]/);
      if (/[\\:*?"<>|%]/.test(one)) written += 1;
    }),
    { numRuns: draws(1_000) },
  );
  expect(written).toBeGreaterThan(25);
  expect(fileNameOf("env_a", "x\u202Efdp.exe/end. ")).toBe(
    "environments/env_a/files/x%E2%80%AEfdp.exe/end.%20",
  );
  expect(() => fileNameOf("env_a", "a".repeat(70_000))).toThrow();
  expect(fileNameOf("env_a", "a folder/50%\\n.txt")).toBe(
    "environments/env_a/files/a folder/50%25%5Cn.txt",
  );
});
