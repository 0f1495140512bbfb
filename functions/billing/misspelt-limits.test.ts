import { describe, expect, test } from "vitest";
import type * as z from "zod";
import { validated } from "#shared/pipeline/parse";
import { setLimits } from "./set-limits.ts";
import { updatePreferences } from "./update-preferences.ts";

function judge(route: { readonly body: z.ZodType | "none" | "raw" }, body: object): unknown {
  if (typeof route.body === "string") expect.fail("takes no JSON");
  return validated(route.body, body, "body");
}

describe("BUD-3 limits", () => {
  test.each([
    [
      { dailyLimit: 5, monthyLimit: 100 },
      "The field monthyLimit isn't taken here: perhaps monthlyLimit is meant.",
    ],
    [{ daily: 5 }, "The field daily isn't taken here: what is taken is dailyLimit, monthlyLimit."],
    [{ dailylimit: 5, monthlyLimit: 9 }, "perhaps dailyLimit is meant."],
  ])("of %j aren't set in part", (body, message) => {
    expect(() => judge(setLimits, body)).toThrowError(message);
  });

  test.each([
    [{ monthlyLimit: 5 }, "The field monthlyLimit isn't taken here"],
    [{ alertPercentage: [50] }, "perhaps alertPercentages is meant."],
    [{ billing: { monthlyResourceSpendLimit: 5 } }, "The field billing isn't taken here"],
  ])("of the preferences %j aren't passed over", (body, message) => {
    expect(() => judge(updatePreferences, body)).toThrowError(message);
  });

  test("are taken as clients of the public API send them", () => {
    const billing = { usageBillingEnabled: true, pauseOnLimit: true, resourceEmailAlerts: false };
    const body = { ...billing, monthlyResourceSpendLimit: 5, inference: null };
    expect(judge(updatePreferences, body)).toEqual(body);
    const limits = { dailyLimit: null, monthlyLimit: 5 };
    expect(judge(setLimits, limits)).toEqual(limits);
  });
});
