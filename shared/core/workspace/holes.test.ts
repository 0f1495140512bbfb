import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataRanges, joinedReads, placesOf, slicesOf, spread } from "./holes.ts";
import { partsMax } from "./manifest.ts";
import { partsByBlob, planPacks } from "./packs.ts";

const pageBytes = 16;
const sparse = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5 })), { maxLength: 12 })
  .chain((runs) =>
    fc.tuple(fc.constant(runs), fc.integer({ min: 0, max: pageBytes - 1 })).map(([all, tail]) => {
      const pages = all.map(([isData, count]) => Buffer.alloc(count * pageBytes, isData ? 7 : 0));
      return Buffer.concat([...pages, Buffer.alloc(tail, 9)]);
    }),
  );

function rangesOf(content: Buffer) {
  const data = new DataRanges();
  data.add(content, 0, pageBytes);
  return data.ranges();
}

describe("WSP-2 a sparse file", () => {
  test("is its data and its holes, however its data is cut into packs", () => {
    fc.assert(
      fc.property(sparse, fc.integer({ min: 1, max: 100 }), (content, packBytes) => {
        const ranges = rangesOf(content);
        const all = {
          offsetBytes: 0,
          sizeBytes: ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        };
        const data = placesOf(ranges, all).map(({ offsetBytes, sizeBytes }) =>
          content.subarray(offsetBytes, offsetBytes + sizeBytes),
        );
        const stored = Buffer.concat(data);
        const plans = planPacks([{ sha256: "f", sizeBytes: stored.length }], packBytes);
        const digests = plans.map((_, index) => String(index));
        const parts = spread(partsByBlob(plans, digests).get("f") ?? [], ranges, content.length);
        const read = parts.map(({ pack, offsetBytes, sizeBytes }) => {
          const at = Number(pack) * packBytes + offsetBytes;
          return pack === null ? Buffer.alloc(sizeBytes) : stored.subarray(at, at + sizeBytes);
        });
        expect(Buffer.concat(read).equals(content)).toBe(true);
      }),
    );
  });

  test("reads the same in part", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (offsetBytes, sizeBytes) => {
        const parts = [
          { pack: "a", offsetBytes: 5, sizeBytes: 10 },
          { pack: null, offsetBytes: 0, sizeBytes: 20 },
          { pack: "b", offsetBytes: 0, sizeBytes: 10 },
        ];
        const bytesOf = (all: typeof parts) =>
          all.flatMap(({ pack, offsetBytes: at, sizeBytes: length }) =>
            Array.from({ length }, (_, index) => (pack === null ? "0" : `${pack}${at + index}`)),
          );
        const slice = bytesOf(slicesOf(parts, { offsetBytes, sizeBytes }));
        expect(slice).toEqual(bytesOf(parts).slice(offsetBytes, offsetBytes + sizeBytes));
      }),
    );
  });

  test("of more pieces than a manifest takes is told in fewer", () => {
    const data = new DataRanges();
    for (let page = 0; page < 5_000; page += 1) {
      data.add(Buffer.alloc(4_096, 1), page * 65_536, 4_096);
    }
    const parts = spread([], data.ranges(), 5_000 * 65_536);
    expect(parts.length).toBeLessThan(partsMax);
    expect(data.ranges()).toEqual([{ offsetBytes: 0, sizeBytes: 4_999 * 65_536 + 4_096 }]);
  });
});

describe("the reads of a file", () => {
  const data = (offsetBytes: number, sizeBytes = 10, pack = "p") => ({
    pack,
    offsetBytes,
    sizeBytes,
  });
  const hole = { pack: null, offsetBytes: 0, sizeBytes: 5 };

  test("are one for a thousand pages with holes between them", () => {
    const slices = Array.from({ length: 1_000 }, (_, page) => [data(10 * page), hole]).flat();
    const [read, ...others] = joinedReads(slices);
    expect(others).toEqual([]);
    expect(read).toMatchObject({ from: { pack: "p", offsetBytes: 0 }, sizeBytes: 10_000 });
    expect(read?.slices).toHaveLength(1_000);
  });

  test.each([
    ["bytes between them are another file's", [data(0), data(11)]],
    ["they go back", [data(10), data(0)]],
    ["they lie in two packs", [data(0), data(10, 10, "q")]],
    ["one is repeated", [data(0), data(0)]],
  ])("are two where %s", (_why, slices) => {
    expect(joinedReads(slices).map(({ slices: [first] }) => first)).toEqual(slices);
  });
});
