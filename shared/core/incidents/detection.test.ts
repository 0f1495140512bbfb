/** True and false positives of the detectors, on generated traffic. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DetectionState, detect, type Finding, nothingSeen } from "./detection.ts";
import type { Signal } from "./signals.ts";
import { IncidentThresholds } from "./thresholds.ts";

const thresholds = IncidentThresholds.parse({});
const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const start = 20_500 * dayMs;

/** The findings of signals that arrive in `calls` calls, as the scheduler's are. */
function found(signals: readonly Signal[], calls = 1): readonly Finding[] {
  const size = Math.ceil(signals.length / calls);
  let state = nothingSeen;
  const findings: Finding[] = [];
  for (let first = 0; first < signals.length; first += size) {
    const judged = detect(state, signals.slice(first, first + size), thresholds);
    state = DetectionState.parse(JSON.parse(JSON.stringify(judged.state)));
    findings.push(...judged.findings);
  }
  return findings;
}

const every = (count: number, stepMs: number, signal: Omit<Signal, "at">): Signal[] =>
  Array.from({ length: count }, (_, index) => ({ ...signal, at: start + index * stepMs }));
const worst = (findings: readonly Finding[]) => {
  const levels = findings.map(({ level }) => level);
  return levels.includes("incident") ? "incident" : (levels[0] ?? null);
};

const perHour = ["refusals", "networks", "denials", "redactions"] as const;
const detector = fc.constantFrom(...perHour);

describe("INC-1 what is counted per hour", () => {
  test("is an incident whenever an hour has as many as the threshold says", () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 50 * minuteMs }), { minLength: 1 });
    fc.assert(
      fc.property(detector, offsets, fc.integer({ min: 1, max: 9 }), (name, quiet, calls) => {
        const burst = thresholds[name].incident;
        const times = [...quiet, ...Array.from({ length: burst }, (_, index) => index % minuteMs)];
        const signals = times
          .toSorted((one, other) => one - other)
          .map((time) => ({ detector: name, subject: "key_a", amount: 1, at: start + time }));
        expect(worst(found(signals, calls))).toBe("incident");
      }),
    );
  });

  test("is nothing as long as every hour has fewer than an anomaly", () => {
    fc.assert(
      fc.property(detector, fc.integer({ min: 1, max: 9 }), (name, calls) => {
        const { anomaly } = thresholds[name];
        // With a threshold of one, every signal is one.
        fc.pre(anomaly > 1);
        const stepMs = Math.ceil((65 * minuteMs) / (anomaly - 1));
        const signals = every(200, stepMs, { detector: name, subject: "key_a", amount: 1 });
        expect(found(signals, calls)).toEqual([]);
      }),
    );
  });

  test("isn't added up over keys or hours", () => {
    const { anomaly } = thresholds.refusals;
    const some = Array.from({ length: 50 }, (_, key) =>
      every(anomaly - 1, 1_000, { detector: "refusals", subject: `key_${key}`, amount: 1 }),
    );
    expect(found(some.flat())).toEqual([]);
  });

  test("is found the same in whatever order rows arrive within a call", () => {
    const signals = every(40, minuteMs, { detector: "denials", subject: "user_a", amount: 1 });
    fc.assert(
      fc.property(fc.shuffledSubarray(signals, { minLength: signals.length }), (shuffled) => {
        expect(worst(found(shuffled))).toBe("incident");
      }),
    );
  });

  test("a key's new network is an anomaly, and three within an hour are an incident", () => {
    const network = { detector: "networks", subject: "key_a", amount: 1 } as const;
    expect(worst(found(every(1, 1, network)))).toBe("anomaly");
    expect(worst(found(every(2, 20 * minuteMs, network)))).toBe("anomaly");
    expect(worst(found(every(3, 20 * minuteMs, network)))).toBe("incident");
    expect(worst(found(every(9, 40 * minuteMs, network)))).toBe("anomaly");
  });
});

const spend = (days: readonly number[]): Signal[] =>
  days.map((amount, day) => ({
    ...{ detector: "spending", subject: "user_a", amount },
    at: start + day * dayMs,
  })) as Signal[];

describe("INC-1 spending", () => {
  const usual = fc.array(fc.integer({ min: 10_000_000, max: 25_000_000 }), {
    minLength: 2,
    maxLength: 30,
  });

  test("that varies between days by less than the factor is nothing", () => {
    fc.assert(
      fc.property(usual, (days) => {
        expect(found(spend(days))).toEqual([]);
      }),
    );
  });

  test("of many times what is usual is an incident, also in small charges", () => {
    fc.assert(
      fc.property(usual, fc.integer({ min: 1, max: 40 }), (days, pieces) => {
        const today = start + days.length * dayMs;
        const charge = Math.ceil((25_000_000 * 10) / pieces);
        const burst = Array.from({ length: pieces }, (_, index) => ({
          ...({ detector: "spending", subject: "user_a", amount: charge } as const),
          at: today + index * minuteMs,
        }));
        expect(worst(found([...spend(days), ...burst], 3))).toBe("incident");
      }),
    );
  });

  test("of cents is nothing, however small the days before were", () => {
    expect(found(spend([10, 10, 10, 1_000_000]))).toEqual([]);
  });

  test("of an account's first day is an anomaly only above an amount of its own", () => {
    expect(found(spend([99_000_000]))).toEqual([]);
    expect(worst(found(spend([101_000_000])))).toBe("anomaly");
  });
});

test("INC-1 downloads count once, whatever rows say so; a broken budget is always an incident", () => {
  const gib = 2 ** 30;
  const rows = [5, 10, 15].map((size) => ({
    ...({ detector: "downloads", subject: "user_a", amount: size * gib, at: start } as const),
  }));
  expect(worst(found(rows, 3))).toBe("anomaly");
  expect(worst(found([...rows, { ...rows[0], amount: 20 * gib } as Signal], 4))).toBe("incident");
  const broken = { detector: "ledger", subject: "user_a", amount: 1, at: start } as const;
  expect(worst(found([broken]))).toBe("incident");
});

test("the state stays small, whatever is signalled", { tags: ["slow"] }, () => {
  const keys = Array.from({ length: 250 }, (_, key) =>
    every(13, 4 * minuteMs, { detector: "refusals", subject: `key_${key}`, amount: 1 }),
  );
  const { state } = detect(nothingSeen, keys.flat(), thresholds);
  expect(Object.keys(state.windows)).toHaveLength(200);
  expect(JSON.stringify(state).length).toBeLessThan(100_000);
});
