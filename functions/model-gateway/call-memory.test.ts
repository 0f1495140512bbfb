import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { AnswerMemory } from "./call-memory.ts";
import { messages } from "./call-routes.ts";

const mib = 2 ** 20;

/** A request whose body of 16 MiB has only begun to arrive. */
function trickling(ownerId: string) {
  const body = new Readable({ read: () => undefined });
  body.push("{");
  const rawHeaders = ["Content-Length", String(16 * mib)];
  const raw = Object.assign(body, { rawHeaders, httpVersion: "1.1" });
  const caller = { owner: { id: ownerId }, claims: { executionId: "run_1", attempt: 1 } };
  const context = { caller, params: {}, raw, request: { idempotencyKey: null }, deps: {} };
  return messages.kind === "action" ? messages.perform(context as never) : expect.fail();
}

describe("TEN-2 what calls keep in memory is bounded", () => {
  test("one owner's requests make room for each other, and for nobody else", async () => {
    const others = trickling("other");
    const [oldest] = Array.from({ length: 4 }, () => trickling("owner"));
    expect(await oldest).toMatchObject({ status: 429, body: { type: "error" } });
    const neighbour = await Promise.race([others, "still waiting"]);
    expect(neighbour).toBe("still waiting");
  });

  test("an owner's answers have room of their own, and give it back", () => {
    const memory = new AnswerMemory({ ownerBytesMax: 4 * mib, allBytesMax: 6 * mib });
    const [mine, mineToo, others] = [memory.open("me"), memory.open("me"), memory.open("other")];
    expect(mine.hasRoom(4 * mib)).toBe(true);
    expect(mineToo.hasRoom(1)).toBe(false);
    expect(others.hasRoom(3 * mib)).toBe(true);
    for (const answer of [mine, mine, mineToo]) answer.leave();
    expect(memory.open("me").hasRoom(3 * mib)).toBe(true);
  });
});
