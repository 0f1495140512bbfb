import { expect, test } from "vitest";
import { detect, nothingSeen } from "./detection.ts";
import { isDetected, signalsOf } from "./signals.ts";
import { IncidentThresholds } from "./thresholds.ts";

const row = (action: string, facts: Record<string, string | number | null> = {}) => ({
  ...{ action, facts, ownerId: "user_a", subject: "key_a", at: 7 },
});

test("rows of a key's refusals add up to the count that they say was reached", () => {
  const counts = [
    { refusals: 1, before: 0 },
    { refusals: 100, before: 1 },
    { refusals: 1_000, before: 100 },
  ];
  const reached = counts.flatMap((facts) => signalsOf(row("key.refused", facts)));
  expect(reached.map(({ amount }) => amount)).toEqual([1, 99, 900]);
  expect(reached[0]).toMatchObject({ detector: "refusals", subject: "key_a", at: 7 });
});

test("INC-1 what is seen of a key that replaced another one counts with that one", () => {
  const rows = [
    row("key.new_network", { knownBefore: 1 }),
    ...["key_b", "key_c"].map((subject) => ({
      ...row("key.new_network", { knownBefore: 1, lineageId: "key_a" }),
      subject,
    })),
  ];
  const refused = { ...row("key.refused", { refusals: 1, before: 0, lineageId: "key_a" }) };
  const { findings } = detect(
    nothingSeen,
    rows.flatMap((each) => signalsOf(each)),
    IncidentThresholds.parse({}),
  );
  expect(findings).toMatchObject([
    { detector: "networks", level: "incident", subject: "key_a", amount: 3 },
  ]);
  expect(signalsOf({ ...refused, subject: "key_b" })).toMatchObject([{ subject: "key_a" }]);
});

test("an execution's end tells what it cost, which wall it hit and what was redacted", () => {
  const facts = { chargedMicrousd: 5, reason: "process_limit", redactions: 2 };
  expect(signalsOf(row("execution.ended", facts))).toMatchObject([
    { detector: "spending", amount: 5, subject: "user_a" },
    { detector: "denials", amount: 1 },
    { detector: "redactions", amount: 2 },
  ]);
  expect(signalsOf(row("execution.ended", { chargedMicrousd: 0, reason: "completed" }))).toEqual(
    [],
  );
});

test("rows without signals aren't marked", () => {
  expect(isDetected("agent.created")).toBe(false);
  expect(signalsOf(row("agent.created"))).toEqual([]);
  expect(isDetected("key.new_network")).toBe(true);
});
