// @module-tag slow
/** One owner's account: what shares a commit, how fast it goes, and what waits too long. */
import { describe, expect, test } from "vitest";
import { newAccount } from "#shared/core/money/account";
import { AccountLane, type LaneSettings } from "./account-lane.ts";
import { Clock } from "./clock.ts";
import { midnight } from "./demand.ts";
import { Random } from "./random.ts";

const plain: LaneSettings = {
  commitMs: 100,
  commitsPerSecondMax: 1_000_000,
  commitsAhead: 1,
  changesMax: 40,
  patienceMs: 10_000,
};

/** The results of changes that came at `moments`: how long each took, and when commits were. */
function committed(moments: readonly number[], settings: LaneSettings) {
  const clock = new Clock(midnight);
  const commits: number[] = [];
  const account = newAccount(midnight);
  const lane = new AccountLane(clock, { account, settings }, (time) =>
    commits.push(time - midnight),
  );
  const tookMs: number[] = [];
  let gaveUp = 0;
  for (const moment of moments) {
    clock.at(midnight + moment, () =>
      lane.submit({
        decide: (before) => ({ ...before, balanceMicrousd: before.balanceMicrousd + 1 }),
        done: () => tookMs.push(clock.now - midnight - moment),
        gaveUp: () => {
          gaveUp += 1;
        },
      }),
    );
  }
  clock.run();
  return { commits, tookMs, gaveUp, changes: lane.account.balanceMicrousd };
}

describe("AccountLane", () => {
  test("what comes while a commit is under way shares the next", () => {
    const { commits, changes } = committed([0, 10, 20, 30], plain);
    expect(commits).toEqual([0, 100]);
    expect(changes).toBe(4);
  });

  test("a commit holds as many changes as the product puts into one", () => {
    const { commits } = committed(
      Array.from({ length: 81 }, (_, i) => i / 100),
      plain,
    );
    expect(commits).toEqual([0, 100, 200]);
  });

  test("after a few at full speed, the document's pace is held", () => {
    const moments = Array.from({ length: 600 }, (_, i) => i * 100);
    const settings = { ...plain, commitsPerSecondMax: 1, commitsAhead: 5, commitMs: 10 };
    const { commits, changes } = committed(moments, settings);
    expect(changes).toBe(600);
    expect(commits.filter((time) => time < 1_000)).toHaveLength(5);
    const later = commits.filter((time) => time > 10_000 && time <= 50_000);
    expect(later).toHaveLength(40);
  });

  test("what waits for longer than the product lets it is refused", () => {
    const moments = Array.from({ length: 100 }, () => 0);
    const { gaveUp, changes } = committed(moments, { ...plain, changesMax: 1, commitMs: 1_000 });
    expect(gaveUp).toBeGreaterThan(80);
    expect(gaveUp + changes).toBe(100);
  });

  test("one change a commit is M/D/1: Pollaczek and Khinchine", () => {
    const random = new Random(11);
    const [load, commitMs] = [0.8, 100];
    const moments: number[] = [];
    for (let at = 0; at < 20_000_000; at += random.exponential(commitMs / load)) moments.push(at);
    const { tookMs } = committed(moments, { ...plain, changesMax: 1, commitMs, patienceMs: 1e9 });
    const mean = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length - commitMs;
    const expected = (load * commitMs) / (2 * (1 - load));
    expect(Math.abs(mean - expected) / expected).toBeLessThan(0.04);
  });
});
