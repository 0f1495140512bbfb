import { describe, expect, test } from "vitest";
import { eventId, ResumeQuery, resumedExecution, resumePoint } from "./resume-point.ts";

const executionId = `run_${"a".repeat(21)}`;
const other = `run_${"-_".repeat(10)}b`;
const field = "Last-Event-ID";

describe("an event's id", () => {
  test.each([executionId, other])("of %s says which execution it belongs to", (id) => {
    expect(resumePoint(eventId(id, 12), {})).toEqual({ executionId: id, number: 12, field });
  });

  test("may be a number alone, as streams had it before", () => {
    expect(resumePoint("12", {})).toEqual({ executionId: null, number: 12, field });
  });

  test("is the header's before the query's", () => {
    const query = ResumeQuery.parse({ after: eventId(other, 3) });
    expect(resumePoint(null, query)).toEqual({ executionId: other, number: 3, field: "after" });
    expect(resumePoint(eventId(executionId, 4), query)).toMatchObject({ executionId, number: 4 });
    expect(resumePoint(null, {})).toBeNull();
  });

  test.each([
    ...["", "-1", "01", "1.5", "x", "1, 2", ".5", "1234567890", " 1"],
    ...[executionId, `${executionId}.`, `${executionId}.01`, `${executionId}.-1`],
    ...[`${executionId}.1.2`, `${executionId}x.1`, `run_a.1`, `thread_${"a".repeat(21)}.1`],
    ...[`${executionId}.1, ${executionId}.2`, `${executionId}:1`],
  ])("%j isn't one, and the refusal says where it stood", (text) => {
    const refused = expect.objectContaining({
      code: "VALIDATION_FAILED",
      message: expect.stringMatching(/^Last-Event-ID must be .*\.$/),
    });
    expect(() => resumePoint(text, {})).toThrow(refused);
    expect(ResumeQuery.safeParse({ after: text }).success).toBe(false);
  });
});

describe("the execution that goes on", () => {
  const number = { executionId: null, number: 3, field } as const;

  test("is the one that the id names", () => {
    expect(resumedExecution({ ...number, executionId: other }, executionId)).toBe(other);
  });

  test("is the only one for a number alone, which is refused where there are several", () => {
    expect(resumedExecution(number, executionId)).toBe(executionId);
    expect(() => resumedExecution(number, null)).toThrow(/which of the thread's executions/);
  });
});
