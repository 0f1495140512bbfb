import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ArchivedLine,
  type ArchiveState,
  appendLines,
  countLines,
  emptyArchive,
  readNext,
} from "./billing-archive.ts";

const anyLine: fc.Arbitrary<ArchivedLine> = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom("credit", "charge", "loss", "adjustment"),
  amountMicrousd: fc.integer(),
  lossMicrousd: fc.nat(),
  executionId: fc.option(fc.uuid()),
  keyId: fc.option(fc.uuid()),
  model: fc.option(fc.string({ unit: "grapheme" })),
  createdAt: fc.nat(),
});
const anyObjects = fc.array(fc.array(anyLine, { minLength: 1, maxLength: 4 }), { minLength: 2 });
const start = emptyArchive("user_1");

function write(objects: readonly (readonly ArchivedLine[])[]): readonly Buffer[] {
  let state = start;
  return objects.map((lines) => {
    const next = appendLines(state, lines);
    state = next.state;
    return next.bytes;
  });
}

/** What reading them in order says: the lines, or the first fault. */
function readAll(objects: readonly Buffer[], from: ArchiveState = start) {
  let state = from;
  const lines: ArchivedLine[] = [];
  for (const bytes of objects) {
    const next = readNext(state, bytes);
    if (typeof next === "string") return next;
    state = next.state;
    lines.push(...next.lines);
  }
  return { lines, totals: state.totals };
}

describe("DAT-6 the archive of billing records", () => {
  test("gives back each line once, and their totals", () => {
    fc.assert(
      fc.property(anyObjects, (objects) => {
        const lines = objects.flat();
        const sum = (field: "amountMicrousd" | "lossMicrousd") =>
          lines.reduce((total, line) => total + line[field], 0);
        expect(readAll(write(objects))).toEqual({
          lines,
          totals: {
            lines: lines.length,
            balanceMicrousd: sum("amountMicrousd"),
            lossMicrousd: sum("lossMicrousd"),
          },
        });
      }),
    );
  });

  test("shows a missing, repeated, moved or foreign object", () => {
    fc.assert(
      fc.property(anyObjects, fc.nat(), (objects, any) => {
        const written = write(objects);
        const index = any % (written.length - 1);
        const [one, next] = [written[index], written[index + 1]];
        if (!one || !next) throw new Error("There are two objects.");
        const fault = "doesn't continue the object before it";
        expect(readAll(written.toSpliced(index, 1))).toBe(fault);
        expect(readAll(written.toSpliced(index, 0, one))).toBe(fault);
        expect(readAll(written.toSpliced(index, 2, next, one))).toBe(fault);
        expect(readAll(written, emptyArchive("user_2"))).toBe(fault);
      }),
    );
  });

  test("shows any changed byte, in this object or at the next one", () => {
    fc.assert(
      fc.property(anyObjects, fc.nat(), fc.integer({ min: 1, max: 255 }), (objects, any, flip) => {
        const written = write(objects);
        const index = any % (written.length - 1);
        const damaged = Buffer.from(written[index] ?? "");
        const position = any % damaged.length;
        damaged[position] = (damaged[position] ?? 0) ^ flip;
        expect(typeof readAll(written.toSpliced(index, 1, damaged))).toBe("string");
      }),
    );
  });

  test("is read as nothing if it is something else", () => {
    for (const text of ["", "{}", "null\n", '{"format":"paddock-billing-archive-1"}']) {
      expect(readNext(start, Buffer.from(text))).toBe("isn't in the archive's form");
      expect(countLines(Buffer.from(text))).toBeNull();
    }
  });
});
