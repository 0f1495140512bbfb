import { describe, expect, test } from "vitest";
import type { Operator } from "../store/owners.ts";
import { areIndependent } from "./independent-operators.ts";

const made = (id: string, createdBy: string, fields: Partial<Operator> = {}) => {
  const operator = { v: 1, id, email: `${id}@example.com`, createdBy, createdAt: 1 } as const;
  return [id, { ...operator, vouchedBy: null, removedAt: null, ...fields }] as const;
};

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
  ])("%s and %s are two", (one, other) => {
    expect(areIndependent(all, one, other)).toBe(true);
    expect(areIndependent(all, other, one)).toBe(true);
  });
});
