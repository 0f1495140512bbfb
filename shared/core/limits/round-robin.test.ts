import { describe, expect, test } from "vitest";
import { roundRobinByOwner } from "./round-robin.ts";

const of = (ownerId: string, ...times: number[]) =>
  times.map((createdAt) => ({ ownerId, createdAt }));
const told = (waiting: readonly { ownerId: string; createdAt: number }[]) =>
  waiting.map(({ ownerId, createdAt }) => `${ownerId}${createdAt}`).join(" ");

describe("roundRobinByOwner()", () => {
  test("serves one owner's oldest first", () => {
    expect(told(roundRobinByOwner(of("a", 3, 1, 2), new Map()))).toBe("a1 a2 a3");
  });

  test("lets owners take turns, however many one has waiting", () => {
    const waiting = [...of("a", 1, 2, 3, 4), ...of("b", 5), ...of("c", 6, 7)];
    expect(told(roundRobinByOwner(waiting, new Map()))).toBe("a1 b5 c6 a2 c7 a3 a4");
  });

  test("begins with the owner that was served longest ago", () => {
    const waiting = [...of("a", 1, 2), ...of("b", 5), ...of("c", 6)];
    const served = new Map([
      ["a", 30],
      ["b", 20],
    ]);
    expect(told(roundRobinByOwner(waiting, served))).toBe("c6 b5 a1 a2");
  });

  test("returns nothing for no owners", () => {
    expect(roundRobinByOwner([], new Map())).toEqual([]);
  });
});
