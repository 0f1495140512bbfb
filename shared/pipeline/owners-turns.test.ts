import { expect, test } from "vitest";
import { Deletion } from "../store/deletions.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { inOwnersTurns } from "./owners-turns.ts";

test("TEN-1 due documents come in turns of their owners, and first those nobody can read", () => {
  const due = (id: string): DueDocument<typeof Deletion> => {
    const ref = { path: `deletions/${id}`, schema: Deletion };
    if (id.startsWith("odd")) return { ref, found: null, cause: "odd", place: 0 };
    const value = { ownerId: id.slice(0, 1) } as Deletion;
    return { ref, found: { ref, value, version: undefined as never } };
  };
  const ids = ["a1", "a2", "a3", "odd", "b1", "c1", "b2"];
  const served = new Map([["a", 2]]);
  const turns = inOwnersTurns(ids.map(due), served).map(({ ref }) => ref.path.slice(10));
  expect(turns).toEqual(["odd", "b1", "c1", "a1", "b2", "a2", "a3"]);
});
