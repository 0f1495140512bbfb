import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApiError } from "../errors/api-error.ts";
import { BodyRoom } from "./body-room.ts";

const kib = 1024;
/** Room for four bodies of one account, and for six of all. */
const limits = { ownerBytesMax: 400 * kib, allBytesMax: 600 * kib };
/** Each of them takes 100 KiB together with its request. */
const bytesMax = 84 * kib;

function newRoom() {
  const room = new BodyRoom(limits);
  const givenUp: string[] = [];
  const take = (ownerId: string, path: string, name = path) =>
    room.take({ ownerId, turn: path.split("/"), bytesMax }, ({ code }: ApiError) => {
      givenUp.push(`${name} ${code}`);
    });
  return { room, givenUp, take };
}

const refused = (code: string) => expect.objectContaining({ code, status: expect.any(Number) });
const times = (count: number, act: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => act(index));

describe("KEY-10 BodyRoom", () => {
  test("gives up the oldest body of the key that waits for most", () => {
    const { givenUp, take } = newRoom();
    take("owner", "mine");
    times(3, (index) => take("owner", "leaked", `leaked ${index}`));
    take("owner", "mine", "mine too");
    take("owner", "leaked", "leaked 3");
    expect(givenUp).toEqual(["leaked 0 ACCOUNT_BUSY", "leaked 1 ACCOUNT_BUSY"]);
  });

  test("keeps room for a key beside the many that another one has made", () => {
    const { givenUp, take } = newRoom();
    times(4, (index) => take("owner", `leaked/new/key ${index}`).arrived());
    expect(() => take("owner", "leaked/new/key 5")).toThrow(refused("ACCOUNT_BUSY"));
    take("owner", "mine/itself").arrived();
    expect(givenUp).toEqual([]);
  });

  test("gives up a body of the branch that has most, though each of its keys has one", () => {
    const { givenUp, take } = newRoom();
    times(2, (index) => take("owner", "mine/itself", `mine ${index}`));
    times(2, (index) => take("owner", `leaked/new/key ${index}`));
    take("owner", "leaked/new/key 2");
    expect(givenUp).toEqual(["leaked/new/key 0 ACCOUNT_BUSY"]);
  });

  test("gives up bodies of the account that waits for most, not a neighbour's", () => {
    const { givenUp, take } = newRoom();
    take("neighbour", "theirs");
    times(3, () => take("flood", "leaked"));
    times(2, () => take("other", "key"));
    take("neighbour", "theirs");
    expect(givenUp).toEqual(["leaked ACCOUNT_BUSY"]);
  });

  test("keeps what has arrived, and refuses a key that has its part of the room", () => {
    const { givenUp, take } = newRoom();
    times(4, () => take("owner", "leaked").arrived());
    expect(() => take("owner", "leaked")).toThrow(refused("ACCOUNT_BUSY"));
    const mine = take("owner", "mine");
    mine.arrived();
    take("owner", "mine").arrived();
    expect(() => take("owner", "mine")).toThrow(refused("ACCOUNT_BUSY"));
    mine.leave();
    mine.leave();
    take("owner", "mine").arrived();
    expect(() => take("owner", "mine")).toThrow(refused("ACCOUNT_BUSY"));
    expect(givenUp).toEqual([]);
  });

  test("lets a neighbour have its part of a room that is full", () => {
    const { take } = newRoom();
    for (const owner of ["one", "two"]) times(3, () => take(owner, "key").arrived());
    times(2, () => take("neighbour", "theirs").arrived());
    expect(() => take("neighbour", "theirs")).toThrow(refused("OVERLOADED"));
  });
});

describe("TEN-2 BodyRoom", () => {
  test("holds no more than its bytes, and what keys are entitled to", () => {
    const owners = ["a", "b", "c"];
    const keys = ["1", "2"];
    const step = fc.record({
      ownerId: fc.constantFrom(...owners),
      key: fc.constantFrom(...keys),
      bytesMax: fc.integer({ min: 1, max: 256 * kib }),
      fate: fc.constantFrom("waits", "arrives", "leaves"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const room = new BodyRoom(limits);
        const one = 272 * kib;
        for (const { ownerId, key, fate, bytesMax: bytes } of steps) {
          try {
            const place = room.take({ ownerId, turn: [key], bytesMax: bytes }, () => undefined);
            if (fate !== "waits") place.arrived();
            if (fate === "leaves") place.leave();
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(ACCOUNT_BUSY|OVERLOADED)$/),
            });
          }
          const mostOfOwner = limits.ownerBytesMax + keys.length * one;
          expect(room.bytesOf(ownerId)).toBeLessThanOrEqual(mostOfOwner);
          const most = limits.allBytesMax + owners.length * keys.length * one;
          expect(room.bytesOf()).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test("is empty again once all bodies have left or were given up", () => {
    const { room, take } = newRoom();
    const places = times(9, (index) => take("owner", `key ${index % 2}`)) as { leave(): void }[];
    expect(room.bytesOf("owner")).toBe(limits.ownerBytesMax);
    for (const { leave } of places) leave();
    expect(room.bytesOf()).toBe(0);
  });
});
