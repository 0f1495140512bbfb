import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { overwrite } from "../store/documents.ts";
import { Operator } from "../store/owners.ts";
import {
  areIndependent,
  operatorsBehindMax,
  readOperatorsBehind,
  withMaker,
} from "./independent-operators.ts";
import { operatorRef } from "./operators.ts";

const made = (id: string, createdBy: string, fields: Partial<Operator> = {}) => {
  const operator = { v: 1, id, email: `${id}@example.com`, createdBy, createdAt: 1 } as const;
  const none = { recreatedBy: [], vouchedBy: null, removedAt: null };
  return [id, { ...operator, ...none, ...fields }] as const;
};

const idOf = (index: number) => `op_${index}`;

const all = new Map([
  made("ada", "deployment"),
  made("bob", "deployment"),
  made("second", "ada"),
  made("third", "ada"),
  made("removed", "ada", { removedAt: 2 }),
  made("fourth", "removed"),
  made("carl", "ada", { vouchedBy: "bob" }),
  made("dora", "carl"),
  made("lost", "nobody-knows"),
  made("round", "about"),
  made("about", "round"),
  made("after-round", "about"),
  made("again", "ada", { recreatedBy: ["bob"] }),
  made("named-again", "deployment", { recreatedBy: ["ada"] }),
  made("eve", "deployment"),
]);

describe("KEY-9 areIndependent()", () => {
  test.each([
    ["ada", "ada"],
    ["ada", "second"],
    // One person could be all of them.
    ["second", "third"],
    ["third", "fourth"],
    ["fourth", "ada"],
    ["carl", "dora"],
    ["lost", "lost"],
    ["round", "about"],
    // The record doesn't show who made them, so it may have been anybody.
    ["lost", "ada"],
    ["nobody-knows", "ada"],
    ["round", "ada"],
    ["after-round", "bob"],
    // All that ever made it stand behind it, and those behind them.
    ["again", "second"],
    ["again", "bob"],
    ["named-again", "third"],
  ])("%s and %s may be one person", (one, other) => {
    expect(areIndependent(all, one, other)).toBe(false);
    expect(areIndependent(all, other, one)).toBe(false);
  });

  test.each([
    ["ada", "bob"],
    ["second", "bob"],
    // It took ada and bob to make carl.
    ["carl", "ada"],
    ["carl", "bob"],
    ["carl", "second"],
    ["dora", "ada"],
    ["again", "eve"],
    ["named-again", "bob"],
  ])("%s and %s are two", (one, other) => {
    expect(areIndependent(all, one, other)).toBe(true);
    expect(areIndependent(all, other, one)).toBe(true);
  });
});

describe("KEY-9 readOperatorsBehind()", () => {
  /** A line of operators: the first is the deployment's, and each makes the next. */
  async function stored(count: number): Promise<MemoryStore> {
    const store = new MemoryStore();
    const writes = Array.from({ length: count }, (_, index) => {
      const [id, operator] = made(idOf(index), index === 0 ? "deployment" : idOf(index - 1));
      return overwrite(operatorRef(`${id}@example.com`), operator);
    });
    await store.commit(writes);
    return store;
  }

  test("finds all that stand behind two operators, however many others there are", async () => {
    const known = await readOperatorsBehind(await stored(1_200), [idOf(2), idOf(40)]);
    const line = Array.from({ length: 41 }, (_, index) => idOf(index));
    expect(new Set(known.keys())).toEqual(new Set(line));
    expect(areIndependent(known, idOf(2), idOf(40))).toBe(false);
  });

  test("reads a bounded number; who has more behind it may be anybody", async () => {
    const store = await stored(operatorsBehindMax + 100);
    const other = made("other", "deployment")[1];
    await store.commit([overwrite(operatorRef(other.email), other)]);
    const isOtherThan = async (id: string) =>
      areIndependent(await readOperatorsBehind(store, ["other", id]), "other", id);
    expect(await isOtherThan(idOf(operatorsBehindMax - 2))).toBe(true);
    expect(await isOtherThan(idOf(operatorsBehindMax))).toBe(false);
    const read = await readOperatorsBehind(store, [idOf(operatorsBehindMax + 99)]);
    expect(read.size).toBe(operatorsBehindMax);
  });
});

describe("KEY-9 withMaker()", () => {
  const earlier = { createdBy: "ada", recreatedBy: ["bob"] };

  test("keeps every earlier maker, each once", () => {
    expect(withMaker(null, "ada")).toEqual({ createdBy: "ada", recreatedBy: [] });
    expect(withMaker(earlier, "eve")).toEqual({ createdBy: "ada", recreatedBy: ["bob", "eve"] });
    for (const again of ["ada", "bob"]) expect(withMaker(earlier, again)).toEqual(earlier);
  });

  test("forgets them only for the deployment, which says who the person is", () => {
    expect(withMaker(earlier, "deployment")).toEqual({ createdBy: "deployment", recreatedBy: [] });
  });

  test("stops once nobody is independent of it any more, so that the document stays small", () => {
    const recreatedBy = Array.from({ length: operatorsBehindMax }, (_, index) => idOf(index));
    const full = { createdBy: "ada", recreatedBy };
    expect(withMaker(full, "eve")).toEqual(full);
    const known = new Map([made("full", "ada", full), made("other", "deployment")]);
    expect(areIndependent(known, "full", "other")).toBe(false);
  });
});

test("an operator's document from before its later makers were kept is read", () => {
  const { v, id, email, createdBy, createdAt } = made("ada", "deployment")[1];
  const before = Operator.parse({ v, id, email, createdBy, createdAt });
  expect(before).toMatchObject({ createdBy: "deployment", recreatedBy: [] });
});
