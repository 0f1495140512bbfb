/** Answers that come in pieces of a byte each, which take a hundred bytes beside their own. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { AnswerMemory } from "./call-memory.ts";
import { relayAnswer } from "./relay-answer.ts";
import { EventLines } from "./usage/event-lines.ts";

const count = 20_000;
const text = "x".repeat(count);
const pieces = () => Array.from({ length: count }, () => Buffer.from("x"));
/** The longest list of pieces that is held; with it, the memory for them is bounded. */
const heldMax = 400;

/** How many pieces were held at once. */
function watchHeld() {
  const concat = vi.spyOn(Buffer, "concat");
  return () => Math.max(...concat.mock.calls.map(([list]) => list.length));
}

/** @param contentType Says whether it is a stream. */
async function relayed(contentType: string) {
  const answer = Object.assign(pieces(), {
    headers: { "content-type": contentType },
    ...{ rawHeaders: ["Content-Type", contentType], httpVersion: "1.1", statusCode: 200 },
  });
  let sent = "";
  const response = {
    ...{ destroyed: false, headersSent: true, closed: false },
    once: () => undefined,
    flushHeaders: () => undefined,
    write: (piece: Buffer) => {
      sent += piece.toString();
      return true;
    },
    end: (body?: Buffer) => {
      sent += body?.toString() ?? "";
    },
  };
  const meter = { push: () => undefined, finish: () => undefined, takeWhole: () => undefined };
  const recording = await relayAnswer({
    ...{ answer, response, call: { hidesUsage: false }, meter, isRecorded: true },
    ...{ charge: async () => undefined, held: new AnswerMemory().open("user_a") },
  } as never);
  return { sent, recorded: recording?.body.toString() };
}

describe("MOD-5 of an answer in very small pieces few are held at once:", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(["application/json", "text/event-stream"])("one of %s", async (contentType) => {
    const held = watchHeld();
    expect(await relayed(contentType)).toEqual({ sent: text, recorded: text });
    expect(held()).toBeLessThan(heldMax);
  });

  test("a line of a stream", () => {
    const held = watchHeld();
    const taken: unknown[] = [];
    const lines = new EventLines(2 * count, (json) => taken.push(json));
    lines.push(Buffer.from('data: {"usage":"'));
    for (const piece of pieces()) lines.push(piece);
    lines.push(Buffer.from('"}\n'));
    expect(taken).toEqual([{ usage: text }]);
    expect(held()).toBeLessThan(heldMax);
  });
});
