import { describe, expect, test } from "vitest";
import {
  environmentBytesMax,
  executionBytesMax,
  fieldsBytes,
  fittingLayers,
  requireEnvironmentRoom,
  requireExecutionRoom,
} from "./document-room.ts";

describe("a document's size", () => {
  test("is what Firestore's documentation counts", () => {
    // The documentation's example: the fields of a task, 1 + 4 bytes of a name and so on.
    const task = {
      type: "Personal",
      done: false,
      priority: 1,
      description: "Learn Cloud Firestore",
    };
    expect(fieldsBytes(task)).toBe(14 + 6 + 17 + 34);
    expect(fieldsBytes({ a: ["ä", null, new Date(0), { b: Buffer.alloc(9) }] })).toBe(
      2 + 3 + 1 + 8 + 2 + 9,
    );
  });
});

describe("a document that will grow", () => {
  test("BUD-4 leaves an execution the room that its end may take", () => {
    const fitting = { text: "x".repeat(executionBytesMax - 6) };
    expect(() => requireExecutionRoom(fitting)).not.toThrow();
    const large = { text: "x".repeat(executionBytesMax - 5) };
    expect(() => requireExecutionRoom(large)).toThrow(/takes at most \d+\.$/);
    const end = { output: "o".repeat(256 * 1024), conflicts: Array(100).fill("p".repeat(1_023)) };
    expect(fieldsBytes({ ...fitting, ...end }) + 64 * 1024).toBeLessThan(1_048_576);
  });

  test("lets an environment grow no further than its executions could", () => {
    const scripts = (bytes: number) => ({ setupScripts: ["s".repeat(bytes)] });
    expect(() => requireEnvironmentRoom(scripts(environmentBytesMax - 14))).not.toThrow();
    expect(() => requireEnvironmentRoom(scripts(environmentBytesMax))).toThrow(/at most \d+\./);
  });

  test("lets an environment that its layers have made too large become no larger", () => {
    const before = { layers: ["l".repeat(environmentBytesMax)], setupScripts: ["a", "b"] };
    expect(() => requireEnvironmentRoom({ ...before, setupScripts: ["a"] }, before)).not.toThrow();
    expect(() =>
      requireEnvironmentRoom({ ...before, setupScripts: ["b", "a"] }, before),
    ).not.toThrow();
    const larger = { ...before, setupScripts: ["a", "b", "c"] };
    expect(() => requireEnvironmentRoom(larger, before)).toThrow(/at most \d+\./);
  });

  test("lets an environment keep only as many layers as it holds", () => {
    const layer = (bytes: number) => ({ variables: [{ key: "A", value: "v".repeat(bytes) }] });
    const full = { setupScripts: ["s".repeat(environmentBytesMax - 14)], layers: [] };
    const large = Array.from({ length: 4 }, () => layer(200_000));
    const layers = fittingLayers(full, large);
    expect(layers).toHaveLength(2);
    expect(fieldsBytes({ ...full, layers })).toBeLessThan(1_048_576);
    expect(fieldsBytes({ ...full, layers: large })).toBeGreaterThan(1_048_576);
    const small = Array.from({ length: 4 }, () => layer(1_000));
    expect(fittingLayers(full, small)).toEqual(small);
  });
});
