// @module-tag slow
import { describe, expect, test } from "vitest";
import { type EgressAttempt, EgressRequest } from "#shared/protocol/runner";
import { isTurn } from "../../test/kit/shard.ts";
import type { NewAttempt, OpenEntry } from "./connection-attempt.ts";
import { EgressLog } from "./egress-log.ts";

const attempt: NewAttempt = {
  at: 1,
  host: "a.test",
  port: 443,
  method: "connect",
  verdict: "allowed",
  rule: null,
  address: "1.2.3.4",
  sentBytes: 1,
  receivedBytes: 2,
  durationMs: 3,
};
const refused: NewAttempt = { ...attempt, verdict: "refused", rule: "host_not_allowed" };
const end = { verdict: "allowed", rule: null, address: "1.2.3.4" } as const;
const bytes = { sentBytes: 10, receivedBytes: 20, durationMs: 30 };

interface Options {
  readonly now?: () => number;
  /** How the gateway responds to a call. */
  readonly answer?: (call: EgressRequest) => "stored" | "refused" | "away" | "locked";
}

/**
 * A log in front of a gateway that stores what it accepts, and identifies calls by their first
 * number.
 */
function logOf({ now = () => 0, answer = () => "stored" }: Options = {}) {
  const [sent, failures]: [EgressRequest[], unknown[]] = [[], []];
  const stored = new Map<number, EgressAttempt>();
  const batchOf = new Map<number, number>();
  const log = new EgressLog({
    async send(call) {
      const said = answer(EgressRequest.parse(structuredClone(call)));
      if (said !== "stored") throw new Error(said);
      sent.push(call);
      for (const one of call.attempts) {
        stored.set(one.sequence, one);
        batchOf.set(one.sequence, call.firstSequence);
      }
      for (const { batch, sequence, ...how } of call.ends) {
        const known = stored.get(sequence);
        if (!known || batchOf.get(sequence) !== batch) throw new Error("refused");
        const { open: _open, ...rest } = known;
        stored.set(sequence, { ...rest, ...how });
      }
    },
    isRefused: (error) => error instanceof Error && error.message === "refused",
    mayPass: (error) => error instanceof Error && error.message === "away",
    now,
    onFailure: (error) => failures.push(error),
  });
  return { log, sent, stored, failures };
}

const outcome = (entry: OpenEntry) =>
  entry.stored.then(
    () => "may be made",
    (error: Error & { rule?: string }) => error.rule,
  );

describe("NET-4 the egress log", () => {
  test("numbers attempts without gaps, over batches", async () => {
    const { log, sent } = logOf();
    for (let count = 0; count < 700; count += 1) log.record(refused);
    await log.end(0);
    expect(sent.map(({ attempts, firstSequence }) => [firstSequence, attempts.length])).toEqual([
      [1, 500],
      [501, 200],
    ]);
    const sequences = sent.flatMap(({ attempts }) => attempts.map(({ sequence }) => sequence));
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  test("limits the rate of refused attempts, and says how many it cut", async () => {
    let nowMs = 0;
    const { log, sent } = logOf({ now: () => nowMs });
    for (let count = 0; count < 1_500; count += 1) log.record(refused);
    nowMs = 1_000;
    for (let count = 0; count < 50; count += 1) log.record(refused);
    await log.end(0);
    expect(sent.flatMap(({ attempts }) => attempts)).toHaveLength(1_020);
    expect(sent.at(-1)?.cut).toBe(530);
  });

  test("limits the number of refused attempts, and reports cuts at its end", async () => {
    let nowMs = 0;
    const { log, sent } = logOf({ now: () => (nowMs += 1_000) });
    for (let count = 0; count < 10_000; count += 1) log.record(refused);
    await log.end(0);
    log.record(refused);
    await log.end(0);
    expect(sent.flatMap(({ attempts }) => attempts)).toHaveLength(10_000);
    expect(sent.at(-1)).toEqual({ attempts: [], ends: [], firstSequence: 10_001, cut: 1 });
  });

  test("goes on at its end while there is time, and gives up when there is none", async () => {
    let calls = 0;
    const answer = () => {
      calls += 1;
      return calls > 8 ? "stored" : "away";
    };
    const { log, stored } = logOf({ now: Date.now, answer });
    log.record(refused);
    await log.end(0);
    expect([calls, stored.size]).toEqual([3, 0]);
    await log.end(Date.now() + 10_000);
    expect([calls, stored.size]).toEqual([9, 1]);
  });

  test("gives up at its end what no time would help", async () => {
    const { log, failures } = logOf({ now: Date.now, answer: () => "locked" });
    log.record(refused);
    await log.end(Date.now() + 60_000);
    expect(failures).toHaveLength(3);
  });

  test("sends nothing if nothing was tried", async () => {
    const { log, sent } = logOf();
    await log.end(0);
    expect(sent).toEqual([]);
  });

  test("F9 names refused hosts, even those that no longer fit", async () => {
    const { log } = logOf();
    for (let count = 0; count < 2_000; count += 1) log.record(refused);
    expect(log.refused()).toEqual(["a.test:443 (host_not_allowed) (×2000)"]);
    for (let count = 0; count < 100; count += 1) log.record({ ...refused, port: count });
    expect(log.refused()).toHaveLength(10);
  });

  test("isn't delayed by a gateway that can't be reached", async () => {
    const { log, failures } = logOf({ answer: () => "away" });
    log.record(refused);
    await log.end(0);
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe("NET-6 the egress log", () => {
  test("records an allowed attempt before it is made, and its end afterwards", async () => {
    const { log, stored } = logOf();
    const entry = log.open(attempt);
    expect(stored.get(1)).toMatchObject({ host: "a.test", open: true });
    expect(await outcome(entry)).toBe("may be made");
    entry.end({ ...end, ...bytes });
    await log.end(0);
    expect(stored.get(1)).toMatchObject({ host: "a.test", sentBytes: 10, receivedBytes: 20 });
    expect(stored.get(1)).not.toHaveProperty("open");
  });

  test("refuses an attempt that it can't store, and reports it later", async () => {
    let said: "stored" | "away" = "away";
    const { log, stored } = logOf({ answer: () => said });
    const entry = log.open(attempt);
    expect(await outcome(entry)).toBe("log_unavailable");
    entry.end({ ...end, ...bytes, verdict: "refused", rule: "log_unavailable" });
    said = "stored";
    await log.end(0);
    expect(stored.get(1)).toMatchObject({ verdict: "refused", rule: "log_unavailable" });
  });

  test("stores a batch again as it was, since its answer may have been lost", async () => {
    const calls: (readonly number[])[] = [];
    const { log } = logOf({
      answer: ({ attempts }) => {
        calls.push(attempts.map(({ sequence }) => sequence));
        return calls.length === 1 ? "away" : "stored";
      },
    });
    await outcome(log.open(attempt));
    log.record(refused);
    await log.end(0);
    expect(calls).toEqual([[1], [1], [2]]);
  });

  test("isn't emptied by one attempt that the gateway refuses", async () => {
    const isWrong = ({ host }: EgressAttempt) => host === "wrong.test";
    const { log, stored } = logOf({
      answer: ({ attempts }) => (attempts.some(isWrong) ? "refused" : "stored"),
    });
    for (let count = 1; count <= 400; count += 1) {
      log.record(count === 137 ? { ...refused, host: "wrong.test" } : refused);
    }
    const entry = log.open({ ...attempt, host: "wrong.test" });
    expect(await outcome(entry)).toBe("malformed_request");
    await log.end(0);
    expect([...stored.keys()]).toEqual(Array.from({ length: 401 }, (_, index) => index + 1));
    for (const sequence of [137, 401]) {
      expect(stored.get(sequence)).toMatchObject({ host: "", rule: "not_recorded" });
    }
    expect(stored.get(138)).toMatchObject({ host: "a.test", rule: "host_not_allowed" });
  });

  test("isn't emptied by an end that the gateway refuses, and counts it", async () => {
    const { log, stored, sent } = logOf({
      answer: ({ ends }) => (ends.some(({ sequence }) => sequence === 2) ? "refused" : "stored"),
    });
    const entries = [1, 2, 3].map(() => log.open(attempt));
    for (const entry of entries) expect(await outcome(entry)).toBe("may be made");
    for (const entry of entries) entry.end({ ...end, ...bytes });
    await log.end(0);
    expect([...stored.values()].map(({ open }) => open ?? false)).toEqual([false, true, false]);
    expect(sent.at(-1)?.cut).toBe(1);
  });

  test("keeps an end that came before the batch of its attempt was split", async () => {
    const isWrong = ({ host }: EgressAttempt) => host === "wrong.test";
    const { log, stored, sent } = logOf({
      answer: ({ attempts }) => (attempts.some(isWrong) ? "refused" : "stored"),
    });
    log.record({ ...refused, host: "wrong.test" });
    const entry = log.open(attempt);
    entry.end({ ...end, ...bytes });
    expect(await outcome(entry)).toBe("may be made");
    await log.end(0);
    expect(stored.get(2)).toMatchObject(bytes);
    expect(stored.get(2)).not.toHaveProperty("open");
    expect(sent.at(-1)?.cut).toBe(0);
  });

  const strange: readonly (readonly [what: string, fields: Partial<NewAttempt>])[] = [
    ["a port beyond the last", { port: 99_999 }],
    ["half a port", { port: 1.5 }],
    ["no number for a port", { port: Number.NaN }],
    ["a host without end", { host: "a".repeat(10_000) }],
    ["a host that isn't Unicode", { host: "a\ud800" }],
    ["a clock that ran backwards", { durationMs: -5 }],
  ];
  test.each(strange)("isn't emptied by %s", async (_what, fields) => {
    const { log, stored } = logOf();
    log.record(refused);
    log.record({ ...refused, ...fields });
    expect(() => log.open({ ...attempt, ...fields })).toThrow("malformed");
    log.record(refused);
    await log.end(0);
    expect([...stored.values()].map(({ rule }) => rule)).toEqual([
      "host_not_allowed",
      "not_recorded",
      "host_not_allowed",
    ]);
  });

  test("still records allowed attempts during a flood of refused ones", async () => {
    const { log, stored } = logOf();
    for (let count = 0; count < 20_000; count += 1) log.record(refused);
    const entry = log.open({ ...attempt, host: "allowed.test" });
    expect(await outcome(entry)).toBe("may be made");
    expect([...stored.values()].filter(({ host }) => host === "allowed.test")).toHaveLength(1);
  });

  test.runIf(isTurn(0, 4))("refuses attempts once it is full", async () => {
    const { log } = logOf({ answer: () => "away" });
    for (let count = 0; count < 100_000; count += 1) log.open(attempt);
    expect(() => log.open(attempt)).toThrow("log is full");
    await log.end(0);
  });
});
