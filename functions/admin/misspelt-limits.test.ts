import { describe, expect, test } from "vitest";
import type * as z from "zod";
import { validated } from "#shared/pipeline/parse";
import { createOwner } from "./create-owner.ts";
import { setOwnerLimits } from "./set-owner-limits.ts";
import { suspendOwner } from "./suspend-owner.ts";

function judge(route: { readonly body: z.ZodType | "none" | "raw" }, body: object): unknown {
  if (typeof route.body === "string") expect.fail("takes no JSON");
  return validated(route.body, body, "body");
}

describe("what an operator sets", () => {
  test.each([
    [{ executions: { concurentMax: 1 } }, "executions.concurentMax isn't taken here: perhaps"],
    [{ execution: { concurrentMax: 1 } }, "perhaps executions is meant."],
    [{ concurrentMax: 1 }, "The field concurrentMax isn't taken here"],
  ])("refuses %j as limits", (body, message) => {
    expect(() => judge(setOwnerLimits, body)).toThrowError(message);
  });

  test("refuses unknown fields of a new owner and of a suspension", () => {
    const limited = { name: "n", dailyLimit: 5 };
    expect(() => judge(createOwner, limited)).toThrowError("dailyLimit isn't");
    const kept = { keepExecution: true };
    expect(() => judge(suspendOwner, kept)).toThrowError("perhaps keepExecutions is meant.");
  });
});
