import { expect, test } from "vitest";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { taskOf } from "./task-of.ts";

test("AUD-8 of a message that was deleted evidence says so, and blames no pepper", () => {
  const { task } = sampleExecution();
  const taskDigest = "a".repeat(64);
  const row = { action: "execution.started", requestId: "req_1", facts: { taskDigest } } as const;
  expect(taskOf({ task: { ...task, content: "" } }, [row])).toEqual({
    model: task.model,
    contentDigest: taskDigest,
    instructionsDigest: null,
    reason: "The message was deleted since, so its text can't be compared with the digest.",
  });
});
