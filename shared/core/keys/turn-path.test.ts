import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TurnTree } from "../limits/turn-tree.ts";
import { type TurnKey, turnIdOf, turnNodesAfter, turnNodesOf, turnPathOf } from "./turn-path.ts";

const dayMs = 86_400_000;
const made = (maker: TurnKey | null, id: string, now: number): TurnKey => ({
  id,
  turnNodes: turnNodesOf({ id, at: now }, maker),
});
const rotated = (old: TurnKey, maker: TurnKey, id: string, now: number): TurnKey => ({
  id,
  turnNodes: turnNodesAfter(old, { id, at: now }, maker),
});

/** After how many requests of other keys the key's request is served, if each key has one. */
function servedAfter(key: TurnKey, others: readonly TurnKey[], now: number): number {
  const queue = new TurnTree<TurnKey>();
  for (const one of [...others, key]) queue.add(turnPathOf(one, now), one);
  let waited = 0;
  while (queue.takeNext() !== key) waited += 1;
  return waited;
}

describe("KEY-10 a key's turn", () => {
  const owners = made(null, "key_owners", 0);

  test("is kept by a key that has rotated itself, with its windows", () => {
    const next = rotated(owners, owners, "key_next", 5);
    expect(turnIdOf(next)).toBe("key_owners");
    expect(turnPathOf(next, 5).slice(0, -1)).toEqual(turnPathOf(owners, 5).slice(0, -1));
  });

  test("isn't given to a key by which another one has replaced it", () => {
    const thief = made(owners, "key_thief", 0);
    const next = rotated(owners, thief, "key_next", 5);
    expect(turnIdOf(next)).toBe("key_next");
    expect(turnPathOf(next, 5)).toEqual([
      "key_owners",
      "new",
      "key_thief",
      "new",
      "key_next",
      "itself",
      "key_next",
    ]);
  });

  test("is one of a key's own after its first day", () => {
    const others = Array.from({ length: 50 }, (_, index) => made(owners, `key_${index}`, 0));
    expect(servedAfter(owners, others, dayMs - 1)).toBeLessThanOrEqual(1);
    expect(servedAfter(owners, others, dayMs)).toBe(50);
  });

  test("comes after two others at most, however a stolen key makes and replaces keys", () => {
    const steps = fc.array(
      fc.record({
        from: fc.nat(),
        replaces: fc.option(fc.nat(), { freq: 2 }),
        waitMs: fc.nat({ max: 2 * dayMs }),
      }),
      { maxLength: 200 },
    );
    const places = fc.constantFrom("made by an operator", "made by the owner's key");
    fc.assert(
      fc.property(steps, places, (all, place) => {
        let now = dayMs;
        const thief = made(place === "made by an operator" ? null : owners, "key_thief", now);
        const beside = made(owners, "key_beside", now);
        const keys = [thief];
        for (const [index, { from, replaces, waitMs }] of all.entries()) {
          now += waitMs;
          const maker = keys[from % keys.length] ?? thief;
          const old = [owners, beside, ...keys][(replaces ?? 0) % (keys.length + 2)] ?? owners;
          const id = `key_${index}`;
          keys.push(replaces === null ? made(maker, id, now) : rotated(old, maker, id, now));
        }
        for (const time of [now, now + 2 * dayMs]) {
          expect(servedAfter(owners, keys, time)).toBeLessThanOrEqual(2);
          expect(servedAfter(beside, keys, time)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  test("has a short path, however long the line of its makers is", () => {
    let key = owners;
    for (let index = 0; index < 100; index += 1) key = made(key, `key_${index}`, index);
    expect(key.turnNodes.length).toBe(8);
    expect(turnIdOf(key)).toBe("key_99");
  });
});
