import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limits, newGate, times, told } from "../../test/kit/fair-gate.ts";
import type { RequestKind } from "./fair-gate.ts";

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

  test.each(["endings", "needed"] as const)(
    "serves %s of a key after one request of all keys that share another turn",
    async (kind) => {
      const { gate, admitted, ask } = newGate();
      times(limits.aloneMax, () => ask("owner"));
      ask("owner", "thief-0", kind);
      for (let key = 1; key <= 190; key += 1) ask("owner", `thief-${key}`, kind);
      ask("owner", "own", kind);
      gate.leave("owner", kind);
      gate.leave("owner", kind);
      await told();
      expect(admitted).toEqual(["thief-1", "own"]);
    },
  );

  test("lets a neighbour in at once, however many requests another owner has waiting", () => {
    const { ask } = newGate({ aloneMax: 5 });
    times(4, () => ask("flood"));
    expect(ask("neighbour")).toBeNull();
    times(6, () => ask("flood"));
    const { ask: askOther } = newGate();
    times(9, () => askOther("flood"));
    expect(askOther("neighbour")).toBeNull();
  });

  test("lets a flood's place rest as long as its request computed, but no neighbour's", async () => {
    const { gate, ask, admitted } = newGate({ sharedMax: 2 });
    ask("neighbour");
    ask("flood");
    times(2, () => ask("flood"));
    gate.leave("flood", "requests", 100);
    await vi.advanceTimersByTimeAsync(99);
    expect(admitted).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(admitted).toEqual(["flood"]);
    gate.leave("flood", "requests", 4);
    await told();
    expect(admitted, "what hardly computed rests not at all").toEqual(["flood", "flood"]);
    gate.leave("neighbour", "requests", 100);
    expect(ask("neighbour"), "nor does who has no more waiting").toBeNull();
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
    // Eight less five, and one that waited; without the neighbour all six would be admitted.
    expect(gate.running).toBe(limits.sharedMax);
    pass(1_000);
    gate.leave("flood");
    expect(gate.running).toBe(8);
  });

  test("serves the waiting owners in turn, one request of each", async () => {
    const { gate, admitted, ask } = newGate({ aloneMax: limits.sharedMax });
    times(4 + 4, () => ask("flood"));
    for (const owner of ["b", "c", "b", "b", "c"]) ask(owner);
    // Four of the flood and one of each other owner are admitted: six, of which four are shared.
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
    expect([ask("neighbour"), ask("neighbour")]).toEqual([null, null]);
    expect(ask("neighbour")).not.toBeNull();
    // All places are taken, and more requests wait.
    const { ask: askLater } = newGate();
    times(limits.aloneMax + 6, () => askLater("flood"));
    expect([askLater("neighbour"), askLater("neighbour")]).toEqual([null, null]);
    expect(askLater("neighbour")).not.toBeNull();
  });

  test("counts an instance as shared for as long as a second owner's request runs", async () => {
    const { gate, ask, pass } = newGate();
    ask("neighbour");
    times(limits.sharedMax - 1, () => ask("flood"));
    pass(60_000);
    expect(ask("flood")).not.toBeNull();
    gate.leave("neighbour");
    await told();
    expect(gate.running).toBe(limits.sharedMax);
    // The flood is alone again, and the other's request was a second ago.
    pass(1_000);
    expect(ask("flood")).toBeNull();
  });

  test("lets in one of each owner, though one holds every place that there is", () => {
    const { gate, ask } = newGate();
    times(limits.aloneMax + 3, () => ask("flood"));
    expect([ask("neighbour"), ask("another")]).toEqual([null, null]);
    expect(ask("neighbour")).not.toBeNull();
    expect(gate.running).toBe(limits.aloneMax + 2);
  });

  test("counts the endings of an owner with its share, by however many keys it asks", () => {
    const { gate, ask } = newGate();
    ask("neighbour");
    const asked = Array.from({ length: 200 }, (_, index) => ask("flood", `key_${index}`));
    expect(asked.filter((turn) => turn === null)).toHaveLength(limits.sharedMax - 1);
    // The owner's other requests have one place besides them, and the neighbour its share.
    expect([ask("flood"), ask("neighbour")]).toEqual([null, null]);
    expect(ask("flood")).not.toBeNull();
    expect(gate.running).toBe(limits.sharedMax + 2);
  });

  test("lets a neighbour wait for one ending of an owner, not for one of each key", async () => {
    const { gate, admitted, ask } = newGate({ sharedMax: 2 });
    ask("neighbour");
    for (let index = 0; index < 200; index += 1) ask("flood", `key_${index}`);
    times(2, () => ask("neighbour"));
    gate.leave("neighbour");
    gate.leave("flood", "endings");
    await told();
    expect(admitted).toEqual(["key_1", "neighbour"]);
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

  test.each(["endings", "needed"] as const)(
    "lets an owner's keys take turns with their %s (KEY-10)",
    async (kind) => {
      const { gate, admitted, ask } = newGate({ aloneMax: 1 });
      const full = expect.objectContaining({ code: "ACCOUNT_BUSY" });
      times(1 + limits.ownerWaitingMax, () => ask("owner", "leaked", kind));
      expect(() => ask("owner", "leaked", kind)).toThrow(full);
      for (const key of ["mine", "mine", "other"]) ask("owner", key, kind);
      for (let served = 0; served < 5; served += 1) {
        gate.leave("owner", kind);
        await told();
      }
      expect(admitted.join(" ")).toBe("leaked mine other leaked mine");
    },
  );

  test("keeps a place for what ends something, and for what that needs (KEY-10)", () => {
    const { ask } = newGate({ sharedMax: 1 });
    times(limits.aloneMax + 3, () => ask("flood"));
    ask("neighbour");
    expect(ask("neighbour")).not.toBeNull();
    for (const kind of ["endings", "needed"] as const) {
      const urgent = [ask("flood", "key_a", kind), ask("neighbour", "key_b", kind)];
      expect(urgent).toEqual([null, null]);
      expect(ask("flood", "key_c", kind)).not.toBeNull();
    }
  });

  test("admits every request once in any order, and never too many at once", async () => {
    const owners = ["a", "b", "c", "d"];
    const owner = fc.constantFrom(...owners);
    const keyId = fc.option(fc.constantFrom("key_a", "key_b"));
    const kind = fc.constantFrom("endings" as const, "needed" as const);
    const step = fc.oneof(
      fc.record({ ask: owner, keyId, kind, times: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ leave: fc.nat() }),
      fc.record({ cancel: fc.nat() }),
      fc.record({ passMs: fc.integer({ min: 0, max: 1_500 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { gate, ask, pass } = newGate({ ownerWaitingMax: 1_000, waitMsMax: 86_000_000 });
        const inside: { readonly ownerId: string; readonly kind: RequestKind }[] = [];
        const waiting: { readonly cancel: () => void }[] = [];
        let [asked, left, cancelled] = [0, 0, 0];
        const enter = (ownerId: string, from: string | null, urgent: "endings" | "needed") => {
          const turn = ask(ownerId, from, urgent);
          const place = { ownerId, kind: from === null ? ("requests" as const) : urgent };
          asked += 1;
          if (!turn) {
            inside.push(place);
            return;
          }
          const waiter = { cancel: turn.cancel };
          waiting.push(waiter);
          const over = () => waiting.splice(waiting.indexOf(waiter), 1);
          turn.entered.then(
            () => over() && inside.push(place),
            () => over(),
          );
        };
        for (const next of steps) {
          if ("ask" in next) {
            times(next.times, () => enter(next.ask, next.keyId, next.kind));
          } else if ("passMs" in next) pass(next.passMs);
          else if ("cancel" in next) {
            const waiter = waiting[next.cancel % Math.max(1, waiting.length)];
            if (waiter) cancelled += 1;
            waiter?.cancel();
          } else if (inside.length > 0) {
            const [gone] = inside.splice(next.leave % inside.length, 1);
            left += 1;
            if (gone) gate.leave(gone.ownerId, gone.kind);
          }
          await told();
          expect(gate.running).toBe(inside.length);
          // Beyond that, each owner has its share and one place for each kind.
          expect(gate.running).toBeLessThanOrEqual(limits.aloneMax + 3 * owners.length);
        }
        // Every request is served once places become free.
        while (inside.length > 0) {
          left += 1;
          const last = inside.pop();
          if (last) gate.leave(last.ownerId, last.kind);
          await told();
        }
        expect(waiting).toEqual([]);
        expect(asked).toBe(left + cancelled);
      }),
    );
  });
});
