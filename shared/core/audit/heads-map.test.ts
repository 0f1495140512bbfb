import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketOf,
  bucketRoot,
  bucketsCount,
  type MapEntry,
  mapPosition,
  mapRoot,
  proveEntry,
  readMapProof,
  withEntry,
} from "./heads-map.ts";

const hash = (text: string) => createHash("sha256").update(text).digest();

/** Positions with long common beginnings are likely, so that tries are deep. */
const position = fc
  .record({ head: fc.constantFrom(0, 1, 255), tail: fc.uint8Array({ minLength: 1, maxLength: 2 }) })
  .map(({ head, tail }) =>
    Buffer.concat([Buffer.of(head), Buffer.alloc(7), tail, Buffer.alloc(32)], 32),
  );
const entry = fc.record({ position, value: fc.nat(5).map((value) => hash(String(value))) });
const entries = fc.uniqueArray(entry, {
  maxLength: 40,
  selector: (one) => one.position.toString("hex"),
});

function whole(all: readonly MapEntry[]) {
  const inBucket = (bucket: number) => all.filter((one) => bucketOf(one.position) === bucket);
  const buckets = Array.from({ length: bucketsCount }, (_, bucket) => bucketRoot(inBucket(bucket)));
  const prove = (wanted: Buffer) =>
    proveEntry(wanted, { bucket: inBucket(bucketOf(wanted)), buckets });
  return { root: mapRoot(buckets), prove };
}

describe("the map of heads", () => {
  test("proves what is at each position, whether there is something or nothing", () => {
    fc.assert(
      fc.property(entries, position, (all, other) => {
        const { root, prove } = whole(all);
        const model = new Map(all.map((one) => [one.position.toString("hex"), one.value]));
        for (const wanted of [other, ...all.map((one) => one.position)]) {
          expect(readMapProof(wanted, prove(wanted))).toEqual({
            root,
            value: model.get(wanted.toString("hex")) ?? null,
          });
        }
      }),
      { numRuns: 25 },
    );
  });

  test("has a root that depends on its entries alone", () => {
    let replaced = 0;
    fc.assert(
      fc.property(entries, entry, fc.option(fc.nat(), { freq: 2 }), (all, drawn, place) => {
        const { root } = whole(all);
        // Often at the position of another, which it replaces or already is.
        const there = place === null ? undefined : all[place % all.length];
        const added = { ...drawn, ...(there && { position: there.position }) };
        if (there) replaced += 1;
        expect(whole(all.toReversed()).root).toEqual(root);
        const isNew = !all.some(
          (one) => one.position.equals(added.position) && one.value.equals(added.value),
        );
        expect(whole(withEntry(all, added)).root.equals(root)).toBe(!isNew);
        const twice = withEntry(withEntry(all, { ...added, value: hash("before") }), added);
        expect(whole(twice).root).toEqual(whole(withEntry(all, added)).root);
      }),
      { numRuns: 25 },
    );
    expect(replaced).toBeGreaterThan(2);
  });

  test("can't prove another value, or that an entry is absent", () => {
    fc.assert(
      fc.property(entries, entry, (others, own) => {
        const { root, prove } = whole(withEntry(others, own));
        const proof = prove(own.position);
        const forged = [
          { ...proof, end: { ...own, value: hash("forged") } },
          { ...proof, end: null },
          { siblings: proof.siblings.slice(0, -1), end: null },
          ...others.map((end) => ({ ...proof, end })),
          ...[0, 7, proof.siblings.length - 1].map((level) => ({
            ...proof,
            siblings: proof.siblings.with(level, hash("forged")),
          })),
        ];
        for (const one of forged) {
          const found = readMapProof(own.position, one);
          const isFooled = found?.root.equals(root) && !found.value?.equals(own.value);
          expect(isFooled ?? false).toBe(false);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("refuses a proof that ends above the buckets", () => {
    const wanted = hash("owner");
    expect(readMapProof(wanted, { siblings: [], end: null })).toBeNull();
  });

  test("tells no owner's id from its position without the secret", () => {
    const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(mapPosition(one, "user_1")).not.toEqual(mapPosition(other, "user_1"));
    expect(mapPosition(one, "user_1")).not.toEqual(mapPosition(one, "user_2"));
  });
});
