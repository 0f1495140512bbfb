import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { mintOwner } from "../identity/owner.ts";
import { copiedToday, countCopied } from "./count-copied.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
/** A minute before midnight, UTC. */
const lateAt = Date.UTC(2026, 0, 1, 23, 59);
const limit = 100;

function newAccount() {
  const store = new MemoryStore();
  const copy = async (messages: number, { bytes = 1, now = lateAt } = {}) => {
    const said = Array.from({ length: messages }, () => ({ content: "a".repeat(bytes) }));
    const writes = countCopied(await copiedToday(store, owner), said, now, limit);
    if (writes.length > 0) await store.commit(writes);
  };
  const counted = async () => (await copiedToday(store, owner)).value?.messages ?? 0;
  return { copy, counted };
}

const refused = expect.objectContaining({ code: "RATE_LIMITED", status: 429 });

describe("TEN-2 copies of threads", () => {
  test("are refused for the day once it has too many messages", async () => {
    const { copy, counted } = newAccount();
    await copy(60);
    await expect(copy(41)).rejects.toEqual(refused);
    await copy(40);
    expect(await counted()).toBe(limit);
    await expect(copy(1)).rejects.toMatchObject({ headers: { "retry-after": "60" } });
    await copy(0);
    await copy(5, { now: lateAt + 60_000 });
    expect(await counted()).toBe(5);
  });

  test("count a long message as several", async () => {
    const { copy, counted } = newAccount();
    await copy(2, { bytes: 25 * 1024 });
    expect(await counted()).toBe(6);
  });

  test("of an instance whose clock is behind don't begin the day again", async () => {
    const { copy, counted } = newAccount();
    await copy(60, { now: lateAt + 60_000 });
    await copy(20);
    expect(await counted()).toBe(80);
  });

  test("are counted one after another", async () => {
    const { copy, counted } = newAccount();
    await copy(1);
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => copy(10)));
    const granted = tries.filter(({ status }) => status === "fulfilled").length;
    expect(await counted()).toBe(1 + 10 * granted);
  });
});
