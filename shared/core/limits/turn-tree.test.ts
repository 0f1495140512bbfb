import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TurnTree } from "./turn-tree.ts";

function takeAll<T>(tree: TurnTree<T>): T[] {
  const taken: T[] = [];
  while (!tree.isEmpty) {
    const next = tree.takeNext();
    if (next !== undefined) taken.push(next);
  }
  return taken;
}

describe("KEY-10 TurnTree", () => {
  test("lets branches take turns at each level", () => {
    const tree = new TurnTree<string>();
    for (const item of ["a1", "a2", "a3"]) tree.add(["left", "a"], item);
    for (const item of ["b1", "b2"]) tree.add(["left", "b"], item);
    for (const item of ["c1", "c2"]) tree.add(["right"], item);
    expect(takeAll(tree)).toEqual(["a1", "c1", "b1", "c2", "a2", "b2", "a3"]);
  });

  test("loses and doubles nothing, and forgets what leaves before its turn", () => {
    const path = fc.array(fc.constantFrom("a", "b"), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.record({ path, leaves: fc.boolean() })), (items) => {
        const tree = new TurnTree<number>();
        for (const [index, { path: place }] of items.entries()) tree.add(place, index);
        for (const [index, { path: place, leaves }] of items.entries()) {
          if (leaves) tree.remove(place, index);
        }
        const stays = items.flatMap(({ leaves }, index) => (leaves ? [] : [index]));
        expect(tree.lengthOf(["a", "a", "a"])).toBe(
          stays.filter((index) => items[index]?.path.join("") === "aaa").length,
        );
        expect(takeAll(tree).toSorted((one, other) => one - other)).toEqual(stays);
      }),
    );
  });
});
