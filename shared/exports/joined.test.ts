import fc from "fast-check";
import { expect, test } from "vitest";
import { type Inner, joined } from "./joined.ts";

const ids = fc.constantFrom("a", "b", "c", "d", "e", "f");
const inOrder = (one: string, other: string) => (one < other ? -1 : 1);

async function* each<T>(values: readonly T[], closed: () => void): AsyncGenerator<T> {
  try {
    yield* values;
  } finally {
    closed();
  }
}

test("what is joined is what each outer one has, in order, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(ids), fc.array(ids), async (outerIds, innerIds) => {
      const outer = outerIds.sort(inOrder).map((id) => ({ id }));
      const inner: Inner<number>[] = innerIds
        .sort(inOrder)
        .map((outerId, value) => ({ outerId, value }));
      const expected = outer.flatMap(({ id }) =>
        inner.filter(({ outerId }) => outerId === id).map(({ value }) => ({ id, value })),
      );
      const found = [];
      let closed = 0;
      const close = () => {
        closed += 1;
      };
      for await (const { of, value } of joined(each(outer, close), each(inner, close))) {
        found.push({ id: of.id, value });
      }
      expect(found).toEqual(expected);
      expect(closed).toBe(2);
    }),
  );
});

test("a reader that stops in the middle leaves neither sequence open", async () => {
  const closed: string[] = [];
  const outer = each([{ id: "a" }, { id: "b" }], () => closed.push("outer"));
  const inner = each([{ outerId: "a", value: 1 }], () => closed.push("inner"));
  for await (const _one of joined(outer, inner)) break;
  expect(closed).toEqual(expect.arrayContaining(["inner", "outer"]));
});
