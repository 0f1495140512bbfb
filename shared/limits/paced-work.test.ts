import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { PacedWork } from "./paced-work.ts";

interface Piece {
  readonly beginsAtMs: number;
  readonly endsAtMs: number;
}

type Way = "breaths" | "pieces";

/** Lets reads work in pieces of this length on one processor, whose time is told by them alone. */
async function piecesOf(reads: number, pieces: number, pieceMs: number, way: Way = "breaths") {
  let nowMs = 0;
  const paced = new PacedWork({
    nowMs: () => nowMs,
    wait: async (ms) => {
      nowMs += ms;
    },
  });
  const done: Piece[] = [];
  const read = async () => {
    const breathe = paced.newBreath();
    const piece = paced.newPieces();
    const work = () => {
      const beginsAtMs = nowMs;
      nowMs += pieceMs;
      done.push({ beginsAtMs, endsAtMs: nowMs });
    };
    for (let index = 0; index < pieces; index += 1) {
      if (way === "pieces") await piece(work);
      else {
        work();
        await breathe();
      }
    }
  };
  await Promise.all(Array.from({ length: reads }, read));
  return { done, tookMs: nowMs };
}

describe("TEN-1 reading repositories", () => {
  test.each([
    [1, 3],
    [3, 3],
    [3, 12],
  ])("%i long reads in pieces of %i ms leave others two thirds of the time", async (reads, ms) => {
    const { done } = await piecesOf(reads, 60, ms);
    const long = done.slice(reads * 9);
    expect(long.length).toBeGreaterThan(reads * 40);
    for (const [index, { beginsAtMs }] of long.entries()) {
      const before = long[index - 1];
      if (before) expect(beginsAtMs - before.endsAtMs).toBeGreaterThanOrEqual(2 * ms);
    }
  });

  test("a short read only lets others go first", async () => {
    expect((await piecesOf(1, 8, 3)).tookMs).toBe(24);
  });

  test.each([
    [1, 3, 9],
    [3, 12, 3],
    [2, 100, 1],
  ])("%i long works in pieces of %i ms that compute alone leave two thirds", async (...how) => {
    const [works, ms, shortPieces] = how;
    const { done } = await piecesOf(works, 60, ms, "pieces");
    const long = done.slice(works * shortPieces);
    expect(long.length).toBeGreaterThan(works * 40);
    for (const [index, { beginsAtMs }] of long.entries()) {
      const before = long[index - 1];
      if (before) expect(beginsAtMs - before.endsAtMs).toBeGreaterThanOrEqual(2 * ms);
    }
  });

  test("a piece that throws is the end of its own work alone", async () => {
    const piece = new PacedWork().newPieces();
    await expect(piece(() => assert.fail("no manifest"))).rejects.toThrow("no manifest");
    await expect(piece(() => 1)).resolves.toBe(1);
  });
});
