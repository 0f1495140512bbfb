import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { writePaced } from "./paced-writing.ts";

const pieceBytes = 1_024;

/** Pieces that count how many of them were made. */
function newPieces(count: number) {
  let made = 0;
  const pieces = async function* () {
    while (made < count) {
      made += 1;
      yield Buffer.alloc(pieceBytes, made);
    }
  };
  return { pieces: pieces(), made: () => made };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("TEN-2 writePaced()", () => {
  test("makes no second piece before the reader has taken the first", async () => {
    const { pieces, made } = newPieces(8);
    const reader = new PassThrough({ highWaterMark: pieceBytes });
    const written = writePaced(reader, pieces, new AbortController().signal);
    await settle();
    expect(made()).toBeLessThanOrEqual(2);
    let takenBytes = 0;
    reader.on("data", (chunk: Buffer) => {
      takenBytes += chunk.length;
    });
    await written;
    reader.end();
    await settle();
    expect(takenBytes).toBe(8 * pieceBytes);
  });

  test("ends when the reader goes away, and makes nothing more", async () => {
    const { pieces, made } = newPieces(8);
    const gone = new AbortController();
    const reader = new PassThrough({ highWaterMark: pieceBytes });
    const written = writePaced(reader, pieces, gone.signal);
    await settle();
    const before = made();
    gone.abort();
    await written;
    expect(made()).toBeLessThanOrEqual(before + 1);
  });
});
