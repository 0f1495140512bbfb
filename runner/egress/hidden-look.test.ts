/** However compressed data is put together and however it comes, a secret in it is found. */
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { draws } from "../../test/kit/draws.ts";
import { HiddenLook } from "./hidden-look.ts";

const value = "sk-0123456789-the-Real-value";
const plan = planRedaction([{ key: "KEY", value }], "bytes");

type Pack = (content: Buffer) => Buffer;
const pack = fc.constantFrom<Pack>(
  (content) => gzipSync(content),
  (content) => gzipSync(content, { level: 0 }),
  (content) => deflateSync(content, { windowBits: 9 }),
  (content) => deflateSync(content),
  (content) => zstdCompressSync(content),
  (content) => {
    const frame = Buffer.alloc(8);
    frame.writeUInt32LE(0x18_4d_2a_57);
    frame.writeUInt32LE(content.length, 4);
    return Buffer.concat([frame, content, zstdCompressSync(content)]);
  },
);
const content = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
/** Programs skip zeros behind a stream. */
const zeros = fc.nat({ max: 3 }).map((length) => Buffer.alloc(length));
const packed = fc.tuple(pack, content, zeros).map(([make, bytes, padding]) => {
  return Buffer.concat([make(bytes), padding]);
});
const streams = fc.array(packed, { maxLength: 4 }).map((all) => Buffer.concat(all));
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 });

/** What passes of `bytes` that come in pieces of these sizes, over and over; null if it is cut. */
async function passed(bytes: Buffer, pieceSizes: readonly number[]): Promise<Buffer | null> {
  const look = new HiddenLook(plan);
  const safe: Buffer[] = [];
  try {
    for (let [position, count] = [0, 0]; position < bytes.length; count += 1) {
      const size = pieceSizes[count % pieceSizes.length] ?? 1;
      safe.push(await look.at(bytes.subarray(position, position + size)));
      position += size;
    }
    return Buffer.concat([...safe, await look.end()]);
  } catch {
    return null;
  } finally {
    look.close();
  }
}

describe("SEC-5 HiddenLook", () => {
  test("finds a secret in any of several streams, in pieces of any size", async () => {
    const secret = fc.tuple(pack, content, content).map(([make, before, after]) => {
      return make(Buffer.concat([before, Buffer.from(`\n${value}\n`), after]));
    });
    await fc.assert(
      fc.asyncProperty(streams, secret, streams, sizes, async (before, found, after, pieces) => {
        expect(await passed(Buffer.concat([before, found, after]), pieces)).toBeNull();
      }),
      { numRuns: draws(150) },
    );
  });

  test("lets everything else pass unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(streams, content, sizes, async (before, after, pieces) => {
        const bytes = Buffer.concat([before, after]);
        expect(await passed(bytes, pieces)).toEqual(bytes);
      }),
      { numRuns: draws(150) },
    );
  });

  test("finds a secret that is divided over streams, as programs join them", async () => {
    const cut = fc.integer({ min: 1, max: value.length - 1 });
    await fc.assert(
      fc.asyncProperty(pack, pack, cut, zeros, sizes, async (one, other, length, gap, pieces) => {
        const parts = [
          one(Buffer.from(value.slice(0, length))),
          gap,
          other(Buffer.from(value.slice(length))),
        ];
        expect(await passed(Buffer.concat(parts), pieces)).toBeNull();
      }),
      { numRuns: draws(150) },
    );
  });

  test("lets nothing pass of a block that isn't complete", async () => {
    const text = Array.from({ length: 400 }, (_, index) => `word ${(index * 7919) % 1009}`).join(
      " ",
    );
    const archive = zstdCompressSync(`${text} ${value} ${text.split("").reverse().join("")}`);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: archive.length }),
        sizes,
        async (missing, pieces) => {
          const look = new HiddenLook(plan);
          let [safeBytes, position] = [0, 0];
          const all = archive.subarray(0, archive.length - missing);
          for (const size of Array(200).fill(pieces).flat()) {
            safeBytes += (await look.at(all.subarray(position, position + size))).length;
            position += size;
            if (position >= all.length) break;
          }
          look.close();
          // The frame's header is no content.
          expect(safeBytes).toBeLessThan(16);
        },
      ),
      { numRuns: draws(60) },
    );
  });

  test("ends with data that no decoder can use, and when it is closed", async () => {
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
    const bytes = Buffer.concat([magic, Buffer.alloc(200, 0xff), magic]);
    expect(await passed(bytes, [bytes.length])).toEqual(bytes);
    const look = new HiddenLook(plan);
    look.close();
    await look.at(bytes);
  });
});
