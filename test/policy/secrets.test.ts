/** What must never be in a plan, and so in no state either. */
import { describe, expect, test } from "vitest";
import { isPlanned, planOf } from "./support/plan.ts";

describe.skipIf(!isPlanned)("secrets", () => {
  test("have no value in Terraform", () => {
    const types = planOf("main")
      .resources()
      .map(({ type }) => type);
    expect(types).not.toContain("google_secret_manager_secret_version");
  });
});
