/**
 * The bench in its short form: every figure can be measured. `npm run bench` produces real figures
 * on an idle machine; no times are compared here.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { authenticatedRead } from "../../bench/benchmarks/authenticated-read.ts";
import { coldStart } from "../../bench/benchmarks/cold-start.ts";
import { eventDelivery } from "../../bench/benchmarks/event-delivery.ts";
import { firstOutput } from "../../bench/benchmarks/first-output.ts";
import { forgedKey } from "../../bench/benchmarks/forged-key.ts";
import { manyExecutions } from "../../bench/benchmarks/many-executions.ts";
import { sandboxStart } from "../../bench/benchmarks/sandbox-start.ts";
import type { Bench, Figure } from "../../bench/figure.ts";
import { openBench } from "../../bench/open-bench.ts";
import { cloud, operationsOf } from "../kit/cloud.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";

let bench: Bench;

const figures: readonly Figure[] = [
  authenticatedRead,
  coldStart,
  eventDelivery,
  firstOutput,
  forgedKey,
  manyExecutions,
  sandboxStart,
];

describe.runIf(isTurn(1, 2))("the bench", () => {
  beforeAll(async () => {
    const { baseUrl, environment, operatorToken } = cloud();
    const readsOf = async (name: string) => (await operationsOf(name)).reads;
    const target = { baseUrl, environment, operatorToken, readsOf, distFolder: "dist" };
    bench = await openBench(target, "short");
  });

  test.each(sharedOut(figures, 7))("measures $name", async (figure) => {
    const rows = await figure.run(bench);
    expect(rows.length).toBeGreaterThan(0);
    for (const { what, value } of rows) expect(value, what).toSatisfy(Number.isFinite);
    // These are counts and not times: on any machine a forged key reads nothing and nothing fails.
    for (const { what, unit, value } of rows) {
      if (unit === "reads" || unit === "errors") expect(value, what).toBe(0);
    }
  });
});
