import { expect, test } from "vitest";
import { DeploymentLimits } from "./deployment-limits.ts";

test("LIM-1 EDG-2 a deployment that states no limits has those that are promised", () => {
  const limits = DeploymentLimits.parse({});
  const windowMs = 15 * 60_000;
  expect(limits.executions).toEqual({ max: 30, windowMs });
  expect(limits.addresses).toEqual({ max: 1_000, windowMs });
});
