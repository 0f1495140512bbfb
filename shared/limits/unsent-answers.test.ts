import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { UnsentAnswers } from "./unsent-answers.ts";

const mib = 1024 * 1024;
const busy = expect.objectContaining({ code: "ACCOUNT_BUSY", status: 429 });
const overloaded = expect.objectContaining({ code: "OVERLOADED", status: 503 });

/** A response that no reader has taken. */
class Unread extends EventEmitter {
  readonly closed = false;
}

function reading(unsent: UnsentAnswers, callerId: string, bytes: number, mayRefuse = true): Unread {
  const response = new Unread();
  unsent.add(response as never, { callerId, mayRefuse }, bytes);
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

  test("refuses nothing that was done already, and counts nothing that is small", () => {
    const unsent = new UnsentAnswers();
    for (let each = 0; each < 5; each += 1) reading(unsent, "owner", 16 * mib, false);
    for (let each = 0; each < 9; each += 1) reading(unsent, "owner", 8 * 1024);
    expect(() => reading(unsent, "owner", mib)).toThrow(busy);
  });
});
