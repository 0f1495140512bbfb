/** Calls whose answers were lost, with a gateway that may live and end them, or was killed. */
import { expect, test } from "vitest";
import { loopTimes, runLoop } from "../../../test/kit/agent-loop.ts";

const text = (said: string) => [{ kind: "text" as const, text: said }];
const inFlight = { kind: "status", status: 409, retryAfterSeconds: 0 } as const;
const cut = { kind: "cut", afterEvents: 3 } as const;

/** The first answer is lost, and its key is refused while `isOpen`. */
async function loseFirst(inFlightMs: number, isOpen: (refusals: number, key: unknown) => boolean) {
  let refusals = 0;
  return await runLoop({
    settings: { times: { ...loopTimes, inFlightMs } },
    script: ({ headers, number }) => {
      if (number === 0) return { items: text("lost"), fault: cut };
      if (!isOpen(refusals, headers["idempotency-key"])) return { items: text("kept") };
      refusals += 1;
      return { items: [], fault: inFlight };
    },
  });
}

test("one that its gateway ends is had by the same key", async () => {
  const run = await loseFirst(60_000, (refusals) => refusals < 2);
  expect(run.answer).toBe("kept");
  expect(run.keys).toEqual(["run_1-1-1", "run_1-1-1"]);
});

test("one that a killed gateway left open is made again by another key", async () => {
  const run = await loseFirst(0, (_refusals, key) => key === "run_1-1-1");
  expect(run.answer).toBe("kept");
  expect(run.keys).toEqual(["run_1-1-1", "run_1-1-1.1"]);
});
