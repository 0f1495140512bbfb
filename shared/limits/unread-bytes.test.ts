import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { ApiError } from "../errors/api-error.ts";
import { UnreadBytes } from "./unread-bytes.ts";

const mib = 1024 * 1024;
const busy = expect.objectContaining({ code: "ACCOUNT_BUSY", status: 429 });
const limited = expect.objectContaining({ code: "RATE_LIMITED", status: 429 });
const overloaded = expect.objectContaining({ code: "OVERLOADED", status: 503 });

/** A response that no reader has taken. */
class Unread extends EventEmitter {
  readonly closed = false;
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function reading(
  unread: UnreadBytes,
  callerId: string,
  bytes: number,
  { mayRefuse = true, neededToClose = false } = {},
): Unread {
  const response = new Unread();
  unread.add(response as never, { callerId, mayRefuse, neededToClose }, bytes);
  return response;
}

describe("TEN-2 UnreadBytes", () => {
  test("bounds what the readers of one account leave unread, until they take it", () => {
    const unread = new UnreadBytes();
    const first = reading(unread, "owner", 8 * mib);
    reading(unread, "owner", 8 * mib);
    expect(() => reading(unread, "owner", mib)).toThrow(busy);
    reading(unread, "neighbour", 8 * mib);
    first.emit("close");
    reading(unread, "owner", 8 * mib);
    expect(() => reading(unread, "owner", mib)).toThrow(busy);
  });

  test("bounds what those of all accounts leave, too", () => {
    const unread = new UnreadBytes();
    for (let owner = 0; owner < 3; owner += 1) reading(unread, `owner-${owner}`, 16 * mib);
    expect(() => reading(unread, "another", 13 * mib)).toThrow(overloaded);
  });

  test("TEN-1 gives an equal part to an account whose turn comes when others fill all room", () => {
    const unread = new UnreadBytes();
    const ids = ["a", "b", "b", "c", "c"];
    const held = ids.map((id) => reading(unread, id, id === "a" ? 15 * mib : 8 * mib));
    const another = reading(unread, "another", 12 * mib);
    // The oldest of those that leave most, until there is room.
    const ended = [...held, another].map(({ destroyed }) => destroyed);
    expect(ended).toEqual([false, true, false, true, false, false]);
    expect(() => reading(unread, "fifth", 10 * mib)).toThrow(overloaded);
  });

  test("TEN-1 ends answers of what was done only where an account leaves no others", () => {
    const unread = new UnreadBytes();
    const changed = { mayRefuse: false };
    const held = [15, 14, 14].map((size, id) => reading(unread, `${id}`, size * mib, changed));
    const list = reading(unread, "0", mib);
    const another = () => reading(unread, "another", 4 * mib);
    another();
    expect([list, ...held].some(({ destroyed }) => destroyed)).toBe(false);
    another();
    expect([list, ...held].map(({ destroyed }) => destroyed)).toEqual([true, true, false, false]);
  });

  test("bounds the answers of changes, none of which is refused", () => {
    const unread = new UnreadBytes();
    const change = (callerId: string) => reading(unread, callerId, mib, { mayRefuse: false });
    const own = Array.from({ length: 20 }, () => change("owner"));
    expect(own.filter(({ destroyed }) => destroyed)).toEqual(own.slice(0, 4));
    const callers = Array.from({ length: 48 }, (_, index) => `owner-${index % 24}`);
    const others = callers.map(change);
    const open = [...own, ...others].filter(({ destroyed }) => !destroyed);
    expect(open).toHaveLength(48);
    expect(open).toContain(others.at(-1));
  });

  test("lets in an answer that is larger than the room there is, if nothing else waits", () => {
    const unread = new UnreadBytes();
    const large = reading(unread, "owner", 17 * mib);
    expect(() => reading(unread, "owner", mib)).toThrow(busy);
    large.emit("close");
    const larger = reading(unread, "owner", 49 * mib);
    expect(() => reading(unread, "neighbour", 25 * mib)).toThrow(overloaded);
    larger.emit("close");
    const small = reading(unread, "owner", mib);
    expect(() => reading(unread, "owner", 17 * mib)).toThrow(busy);
    expect(() => reading(unread, "neighbour", 49 * mib)).toThrow(overloaded);
    small.emit("close");
    reading(unread, "owner", 17 * mib);
  });

  test("refuses nothing that was done already, and counts nothing that is small", () => {
    const unread = new UnreadBytes();
    for (let each = 0; each < 5; each += 1)
      reading(unread, "owner", 16 * mib, { mayRefuse: false });
    for (let each = 0; each < 9; each += 1) reading(unread, "owner", 8 * 1024);
    expect(() => reading(unread, "owner", mib)).toThrow(busy);
  });
});

describe("KEY-10 UnreadBytes: what people need to find out what to close", () => {
  const closing = { neededToClose: true };

  test("is sent although the day's bytes are used up, and nothing else may be sent", () => {
    const unread = new UnreadBytes(() => {
      throw new ApiError("RATE_LIMITED");
    });
    expect(() => reading(unread, "owner", mib)).toThrow(limited);
    expect(reading(unread, "owner", mib, closing).destroyed).toBe(false);
  });

  test("is sent although other answers that nobody reads fill all room", () => {
    const unread = new UnreadBytes();
    for (let each = 0; each < 3; each += 1) reading(unread, `owner-${each}`, 16 * mib);
    expect(() => reading(unread, "owner-0", mib)).toThrow(busy);
    expect(() => reading(unread, "another", 13 * mib)).toThrow(overloaded);
    reading(unread, "owner-0", 8 * mib, closing);
    reading(unread, "another", 8 * mib, closing);
  });

  test("is sent although answers like it are left unread: the largest of them ends", () => {
    const unread = new UnreadBytes();
    const oldest = reading(unread, "owner", 7 * mib, closing);
    const newer = reading(unread, "owner", 7 * mib, closing);
    const small = reading(unread, "owner", mib, closing);
    const newest = reading(unread, "owner", 7 * mib, closing);
    const ended = [oldest, newer, small, newest].map(({ destroyed }) => destroyed);
    expect(ended).toEqual([true, false, false, false]);
  });

  test("takes bounded memory for all accounts, and room from the one that holds the most", () => {
    const unread = new UnreadBytes();
    const small = reading(unread, "careful", 7 * mib, closing);
    const ofTwo = ["one", "one", "other"].map((id) => reading(unread, id, 8 * mib, closing));
    const last = reading(unread, "last", 8 * mib, closing);
    const ended = [small, ...ofTwo, last].map(({ destroyed }) => destroyed);
    expect(ended).toEqual([false, true, false, false, false]);
  });
});
