import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FairGate, type FairGateLimits } from "./fair-gate.ts";

const limits: FairGateLimits = { sharedMax: 4, aloneMax: 10, ownerWaitingMax: 6, waitMsMax: 5_000 };

/** A gate whose waiting requests say in which order they were let in. */
function newGate(own: Partial<FairGateLimits> = {}) {
  let nowMs = 0;
  const gate = new FairGate({ ...limits, ...own }, () => nowMs);
  const admitted: string[] = [];
  const refused: string[] = [];
  const ask = (ownerId: string) => {
    const turn = gate.enter(ownerId);
    turn?.entered.then(
      () => admitted.push(ownerId),
      (error) => refused.push(`${ownerId} ${error.code}`),
    );
    return turn;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { gate, admitted, refused, ask, pass };
}

/** Lets promises that are settled tell. */
async function told(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const times = (count: number, act: () => unknown) => Array.from({ length: count }, act);

describe("TEN-1 FairGate", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("lets an owner that is alone in at once, up to what an instance works on at most", () => {
    const { gate, ask } = newGate();
    expect(times(limits.aloneMax, () => ask("flood"))).toEqual(times(limits.aloneMax, () => null));
    expect(ask("flood")).not.toBeNull();
    expect(gate.running).toBe(limits.aloneMax);
  });

  test("lets a neighbour in at once, however many requests another owner has waiting", () => {
    const { ask } = newGate({ aloneMax: 5 });
    times(4, () => ask("flood"));
    expect(ask("neighbour")).toBeNull();
    times(6, () => ask("flood"));
    const { ask: askOther } = newGate();
    times(9, () => askOther("flood"));
    expect(askOther("neighbour")).toBeNull();
  });

  test("gives a flood no more places than are shared, as long as others ask", async () => {
    const { gate, ask, pass } = newGate();
    times(8, () => ask("flood"));
    ask("neighbour");
    gate.leave("neighbour");
    expect(gate.running).toBe(8);
    times(6, () => ask("flood"));
    times(5, () => gate.leave("flood"));
    await told();
    // Eight less five, and one of those that wait; without the neighbour all six would be in.
    expect(gate.running).toBe(limits.sharedMax);
    pass(1_000);
    gate.leave("flood");
    expect(gate.running).toBe(8);
  });

  test("serves the waiting owners in turn, one request of each", async () => {
    const { gate, admitted, ask } = newGate({ aloneMax: limits.sharedMax });
    times(4 + 4, () => ask("flood"));
    times(1 + 2, () => ask("b"));
    times(1 + 1, () => ask("c"));
    // Four of the flood are in, and one of each other: six, of which four are shared.
    expect(gate.running).toBe(6);
    for (let left = 0; left < 3; left += 1) gate.leave("flood");
    gate.leave("b");
    gate.leave("c");
    for (let served = 0; served < 4; served += 1) {
      await told();
      gate.leave(admitted.at(-1) ?? "");
    }
    await told();
    expect(admitted.join(" ")).toBe("flood b c flood b flood flood");
  });

  test("keeps an owner's share for it, even if another holds its places for long", () => {
    const { ask } = newGate();
    // Uploads that trickle in: more than are shared, and none of them ends.
    times(9, () => ask("flood"));
    expect(ask("neighbour")).toBeNull();
    expect(ask("neighbour")).not.toBeNull();
    const { ask: askEarlier } = newGate();
    times(7, () => askEarlier("flood"));
    expect([askEarlier("neighbour"), askEarlier("neighbour")]).toEqual([null, null]);
    expect(askEarlier("neighbour")).not.toBeNull();
  });

  test("lets in one of each owner, though one holds every place that there is", () => {
    const { gate, ask } = newGate();
    times(limits.aloneMax + 3, () => ask("flood"));
    expect([ask("neighbour"), ask("another")]).toEqual([null, null]);
    expect(ask("neighbour")).not.toBeNull();
    expect(gate.running).toBe(limits.aloneMax + 2);
  });

  test("refuses an owner whose queue is full, and that owner alone", () => {
    const { ask } = newGate({ aloneMax: 2 });
    times(2 + limits.ownerWaitingMax, () => ask("flood"));
    expect(() => ask("flood")).toThrow(expect.objectContaining({ code: "ACCOUNT_BUSY" }));
    expect(ask("neighbour")).toBeNull();
  });

  test("refuses what has waited too long, and leaves its place in the queue to others", async () => {
    const { gate, admitted, refused, ask } = newGate({ aloneMax: 1 });
    ask("flood");
    ask("flood");
    vi.advanceTimersByTime(limits.waitMsMax);
    await told();
    expect(refused).toEqual(["flood OVERLOADED"]);
    expect(admitted).toEqual([]);
    ask("flood");
    gate.leave("flood");
    await told();
    expect(admitted).toEqual(["flood"]);
  });

  test("forgets a request whose client went away", async () => {
    const { gate, admitted, ask } = newGate({ aloneMax: 1 });
    ask("flood");
    const gone = ask("flood");
    const next = ask("flood");
    gone?.cancel();
    gate.leave("flood");
    await next?.entered;
    await told();
    expect(admitted).toEqual(["flood"]);
    gone?.cancel();
    expect(gate.running).toBe(1);
  });

  test("lets everybody in once, whatever the order, and never more than it may at once", async () => {
    const owners = ["a", "b", "c", "d"];
    const owner = fc.constantFrom(...owners);
    const step = fc.oneof(
      fc.record({ ask: owner, times: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ leave: fc.nat() }),
      fc.record({ cancel: fc.nat() }),
      fc.record({ passMs: fc.integer({ min: 0, max: 1_500 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { gate, ask, pass } = newGate({ ownerWaitingMax: 1_000, waitMsMax: 86_000_000 });
        const inside: string[] = [];
        const waiting: { readonly ownerId: string; readonly cancel: () => void }[] = [];
        let [asked, left, cancelled] = [0, 0, 0];
        const enter = (ownerId: string) => {
          const turn = ask(ownerId);
          asked += 1;
          if (!turn) {
            inside.push(ownerId);
            return;
          }
          const waiter = { ownerId, cancel: turn.cancel };
          waiting.push(waiter);
          const over = () => waiting.splice(waiting.indexOf(waiter), 1);
          turn.entered.then(
            () => over() && inside.push(ownerId),
            () => over(),
          );
        };
        for (const next of steps) {
          if ("ask" in next) times(next.times, () => enter(next.ask));
          else if ("passMs" in next) pass(next.passMs);
          else if ("cancel" in next) {
            const waiter = waiting[next.cancel % Math.max(1, waiting.length)];
            if (waiter) cancelled += 1;
            waiter?.cancel();
          } else if (inside.length > 0) {
            const [gone = ""] = inside.splice(next.leave % inside.length, 1);
            left += 1;
            gate.leave(gone);
          }
          await told();
          expect(gate.running).toBe(inside.length);
          expect(gate.running).toBeLessThan(limits.aloneMax + owners.length);
        }
        // Nobody is left behind once places become free.
        while (inside.length > 0) {
          left += 1;
          gate.leave(inside.pop() ?? "");
          await told();
        }
        expect(waiting).toEqual([]);
        expect(asked).toBe(left + cancelled);
      }),
    );
  });
});
