import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { ApiError } from "../errors/api-error.ts";
import { UnsentAnswers } from "./unsent-answers.ts";

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
  unsent: UnsentAnswers,
  callerId: string,
  bytes: number,
  { mayRefuse = true, neededToClose = false } = {},
): Unread {
  const response = new Unread();
  unsent.add(response as never, { callerId, mayRefuse, neededToClose }, bytes);
  return response;
}

describe("TEN-2 UnsentAnswers", () => {
  test("bounds what the readers of one account leave unread, until they take it", () => {
    const unsent = new UnsentAnswers();
    const first = reading(unsent, "owner", 8 * mib);
    reading(unsent, "owner", 8 * mib);
    expect(() => reading(unsent, "owner", mib)).toThrow(busy);
    reading(unsent, "neighbour", 8 * mib);
    first.emit("close");
    reading(unsent, "owner", 8 * mib);
    expect(() => reading(unsent, "owner", mib)).toThrow(busy);
  });

  test("bounds what those of all accounts leave, too", () => {
    const unsent = new UnsentAnswers();
    for (let owner = 0; owner < 3; owner += 1) reading(unsent, `owner-${owner}`, 16 * mib);
    expect(() => reading(unsent, "another", mib)).toThrow(overloaded);
  });

  test("lets in an answer that is larger than the room there is, if nothing else waits", () => {
    const unsent = new UnsentAnswers();
    const large = reading(unsent, "owner", 17 * mib);
    expect(() => reading(unsent, "owner", mib)).toThrow(busy);
    large.emit("close");
    const larger = reading(unsent, "owner", 49 * mib);
    expect(() => reading(unsent, "neighbour", mib)).toThrow(overloaded);
    larger.emit("close");
    const small = reading(unsent, "owner", mib);
    expect(() => reading(unsent, "owner", 17 * mib)).toThrow(busy);
    expect(() => reading(unsent, "neighbour", 49 * mib)).toThrow(overloaded);
    small.emit("close");
    reading(unsent, "owner", 17 * mib);
  });

  test("refuses nothing that was done already, and counts nothing that is small", () => {
    const unsent = new UnsentAnswers();
    for (let each = 0; each < 5; each += 1)
      reading(unsent, "owner", 16 * mib, { mayRefuse: false });
    for (let each = 0; each < 9; each += 1) reading(unsent, "owner", 8 * 1024);
    expect(() => reading(unsent, "owner", mib)).toThrow(busy);
  });
});

describe("KEY-10 UnsentAnswers: what people need to find out what to close", () => {
  const closing = { neededToClose: true };

  test("is sent although the day's bytes are used up, and nothing else may be sent", () => {
    const unsent = new UnsentAnswers(() => {
      throw new ApiError("RATE_LIMITED");
    });
    expect(() => reading(unsent, "owner", mib)).toThrow(limited);
    expect(reading(unsent, "owner", mib, closing).destroyed).toBe(false);
  });

  test("is sent although other answers that nobody reads fill all room", () => {
    const unsent = new UnsentAnswers();
    for (let each = 0; each < 3; each += 1) reading(unsent, `owner-${each}`, 16 * mib);
    expect(() => reading(unsent, "owner-0", mib)).toThrow(busy);
    expect(() => reading(unsent, "another", mib)).toThrow(overloaded);
    reading(unsent, "owner-0", 8 * mib, closing);
    reading(unsent, "another", 8 * mib, closing);
  });

  test("is sent although answers like it are left unread: the largest of them ends", () => {
    const unsent = new UnsentAnswers();
    const oldest = reading(unsent, "owner", 7 * mib, closing);
    const newer = reading(unsent, "owner", 7 * mib, closing);
    const small = reading(unsent, "owner", mib, closing);
    const newest = reading(unsent, "owner", 7 * mib, closing);
    const ended = [oldest, newer, small, newest].map(({ destroyed }) => destroyed);
    expect(ended).toEqual([true, false, false, false]);
  });

  test("takes bounded memory for all accounts, and room from the one that holds the most", () => {
    const unsent = new UnsentAnswers();
    const small = reading(unsent, "careful", 7 * mib, closing);
    const ofTwo = ["one", "one", "other"].map((id) => reading(unsent, id, 8 * mib, closing));
    const last = reading(unsent, "last", 8 * mib, closing);
    const ended = [small, ...ofTwo, last].map(({ destroyed }) => destroyed);
    expect(ended).toEqual([false, true, false, false, false]);
  });
});
