/** Arbitrary requests to every operation: none fails on our side, and all answers are described. */
import { expect, test } from "vitest";
import { cloud, operatorTokenFor } from "../kit/cloud.ts";
import { fuzz } from "../kit/fuzz/run.ts";
import { prepareTarget } from "../kit/fuzz/target.ts";
import { seed } from "../kit/seed.ts";

const requests = 1_000;

test("1,000 arbitrary requests get no 5xx and no answer that isn't described", async () => {
  const target = await prepareTarget({ ...cloud(), operatorToken: operatorTokenFor });
  const result = await fuzz(target, { requests, seed, deepPercent: 15 });
  expect(result.faults.join("\n")).toBe("");
  expect(result.sent).toBe(requests);
  // Requests that were all refused at the door would find nothing.
  const { "200": found = 0, "400": malformed = 0, "404": missing = 0 } = result.byStatus;
  expect(found).toBeGreaterThan(30);
  expect(malformed).toBeGreaterThan(200);
  expect(missing).toBeGreaterThan(50);
});
