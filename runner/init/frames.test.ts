import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { countJoinedBytes } from "../../test/kit/count-joined-bytes.ts";
import { encodeFrame, FrameReader, kinds } from "./frames.ts";

describe("a FrameReader", () => {
  test("finds the frames wherever the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.integer({ min: 1, max: 9 }),
        (all, step) => {
          const stream = Buffer.concat(all.map((payload) => encodeFrame(kinds.output, payload)));
          const reader = new FrameReader(64);
          const found: Buffer[] = [];
          for (let at = 0; at < stream.length; at += step) {
            found.push(
              ...reader.read(stream.subarray(at, at + step)).map(({ payload }) => payload),
            );
          }
          expect(found.map((payload) => [...payload])).toEqual(all.map((payload) => [...payload]));
        },
      ),
    );
  });

  test("holds few pieces of a frame that comes byte by byte", () => {
    const stream = encodeFrame(kinds.output, Buffer.alloc(5_000, "a"));
    const reader = new FrameReader(5_000);
    const concat = vi.spyOn(Buffer, "concat");
    const found = [...stream].flatMap((byte) => reader.read(Buffer.of(byte)));
    const most = Math.max(...concat.mock.calls.map(([pieces]) => pieces.length));
    concat.mockRestore();
    expect(found).toHaveLength(1);
    expect(most).toBeLessThan(300);
  });

  test("copies a frame that comes byte by byte a bounded number of times", () => {
    const [one, two] = [Buffer.alloc(20_000, "a"), Buffer.alloc(3, "b")];
    const stream = Buffer.concat([
      encodeFrame(kinds.output, one),
      encodeFrame(kinds.output, two),
      encodeFrame(kinds.output, one),
    ]);
    const reader = new FrameReader(one.length);
    const found: Buffer[] = [];
    const copiedBytes = countJoinedBytes(() => {
      for (const byte of stream) {
        found.push(...reader.read(Buffer.of(byte)).map(({ payload }) => payload));
      }
    });
    expect(found).toEqual([one, two, one]);
    expect(copiedBytes / stream.length).toBeLessThan(4);
  });

  test("refuses a frame that announces too much before it arrives", () => {
    const header = encodeFrame(kinds.output, Buffer.alloc(100)).subarray(0, 5);
    expect(() => new FrameReader(99).read(header)).toThrow(RangeError);
  });
});
