import { describe, expect, test } from "vitest";
import type { EgressAttempt, EgressRequest } from "#shared/protocol/runner";
import { EgressLog } from "./egress-log.ts";

type Ended = Omit<EgressAttempt, "sequence">;
const attempt: Ended = {
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
const refused: Ended = { ...attempt, verdict: "refused", rule: "host_not_allowed" };

function logOf(options: { now?: () => number; fails?: boolean } = {}) {
  const sent: EgressRequest[] = [];
  const failures: unknown[] = [];
  const log = new EgressLog({
    send: async (batch) => {
      if (options.fails) throw new Error("unheard");
      sent.push(batch);
    },
    now: options.now ?? (() => 0),
    onFailure: (error) => failures.push(error),
  });
  return { log, sent, failures };
}

describe("NET-4 the egress log", () => {
  test("numbers attempts without gaps, over batches", async () => {
    const { log, sent } = logOf();
    for (let count = 0; count < 700; count += 1) log.record(attempt);
    await log.end();
    expect(sent.map(({ attempts, firstSequence }) => [firstSequence, attempts.length])).toEqual([
      [1, 500],
      [501, 200],
    ]);
    const sequences = sent.flatMap(({ attempts }) => attempts.map(({ sequence }) => sequence));
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });

  test("is bounded in rate, and says how many it cut", async () => {
    let nowMs = 0;
    const { log, sent } = logOf({ now: () => nowMs });
    for (let count = 0; count < 1_500; count += 1) log.record(attempt);
    nowMs = 1_000;
    for (let count = 0; count < 50; count += 1) log.record(attempt);
    await log.end();
    expect(sent.flatMap(({ attempts }) => attempts)).toHaveLength(1_020);
    expect(sent.at(-1)?.cut).toBe(530);
  });

  test("is bounded in all, and tells of cuts that nothing follows", async () => {
    let nowMs = 0;
    const { log, sent } = logOf({ now: () => (nowMs += 1_000) });
    for (let count = 0; count < 10_000; count += 1) log.record(attempt);
    await log.end();
    log.record(attempt);
    await log.end();
    expect(sent.flatMap(({ attempts }) => attempts)).toHaveLength(10_000);
    expect(sent.at(-1)).toEqual({ attempts: [], firstSequence: 10_001, cut: 1 });
  });

  test("sends nothing where nothing was tried", async () => {
    const { log, sent } = logOf();
    await log.end();
    expect(sent).toEqual([]);
  });

  test("F9 names what was refused, also what no longer fits", async () => {
    const { log } = logOf();
    for (let count = 0; count < 2_000; count += 1) log.record(refused);
    expect(log.refused()).toEqual(["a.test:443 (host_not_allowed) (×2000)"]);
    for (let count = 0; count < 100; count += 1) log.record({ ...refused, port: count });
    expect(log.refused()).toHaveLength(10);
  });

  test("a gateway that can't be reached holds nobody up", async () => {
    const { log, failures } = logOf({ fails: true });
    log.record(attempt);
    await log.end();
    expect(failures.length).toBeGreaterThan(0);
  });
});
