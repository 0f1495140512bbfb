import { describe, expect, test } from "vitest";
import { expiryOf } from "#shared/core/retention/expiry";
import { dayMs } from "#shared/core/retention/periods";
import type { RunnerEvent } from "#shared/protocol/runner";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { fileChangesIn } from "./file-changes.ts";

const execution = sampleExecution({
  status: "success",
  workspaceState: "saved",
  eventsLastSequence: 4,
});
const { createdAt: now } = execution;

const change = (path: string) => {
  return { type: "file_change", path, changeKind: "created", additions: 1, deletions: 0 } as const;
};
const text = { type: "text", content: "said" } as const;

function batch(firstSequence: number, ...items: readonly RunnerEvent["item"][]) {
  const events = items.map((item, index) => ({ sequence: firstSequence + index, at: now, item }));
  const lastSequence = firstSequence + items.length - 1;
  return {
    v: 1 as const,
    firstSequence,
    lastSequence,
    events,
    expireAt: expiryOf("executionLogs", now),
  };
}

describe("AUD-8 the changed files in evidence", () => {
  const whole = [batch(1, text, change("a")), batch(3, change("b"), text)];

  test("are those that the runner reported, of a log that is there as a whole", () => {
    const { files, reason } = fileChangesIn(whole, execution, now);
    expect(files?.map(({ path }) => path)).toEqual(["a", "b"]);
    expect(reason).toBeNull();
    const many = Array.from({ length: 350 }, (_, index) => change(`${index}`));
    const long = { ...execution, eventsLastSequence: 1_349 };
    expect(fileChangesIn([batch(1_000, ...many)], long, now).reason).toContain("the first 100");
  });

  const cases = [
    ["a batch is missing", whole.slice(1), {}, 0, "isn't there, or is too long"],
    ["the end is missing", whole.slice(0, 1), {}, 0, "isn't there, or is too long"],
    ["the log has expired", whole, {}, 30 * dayMs, "kept for 30 days"],
    ["it never ran", [], { workspaceState: null }, 0, "No runner has reported"],
    [
      "nothing was saved",
      [batch(1, text)],
      { workspaceState: "not_saved", eventsLastSequence: 1 },
      0,
      "Nothing was",
    ],
  ] as const;
  test.each(cases)("are null with a reason if %s", (_what, batches, fields, laterMs, reason) => {
    const found = fileChangesIn(batches, { ...execution, ...fields }, now + laterMs);
    expect(found).toEqual({ files: null, reason: expect.stringContaining(reason) });
  });
});
