/**
 * The bench's short form: that every figure can be measured, and that nothing has become a multiple
 * of what it was. Ratios to a baseline of the same minute, which a noisy machine doesn't move far;
 * the memory of streams is held where they are. The goals themselves are held by `npm run bench`.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { type Bench, type Figure, type Row, ratioOf } from "../../scripts/bench/figure.ts";
import { authenticatedRead } from "../../scripts/bench/figures/authenticated-read.ts";
import { coldStart } from "../../scripts/bench/figures/cold-start.ts";
import { eventDelivery } from "../../scripts/bench/figures/event-delivery.ts";
import { firstOutput } from "../../scripts/bench/figures/first-output.ts";
import { forgedKey } from "../../scripts/bench/figures/forged-key.ts";
import { manyExecutions } from "../../scripts/bench/figures/many-executions.ts";
import { sandboxStart } from "../../scripts/bench/figures/sandbox-start.ts";
import { openBench } from "../../scripts/bench/open-bench.ts";
import { cloud, operationsOf } from "../kit/cloud.ts";
import { isTurn } from "../kit/share.ts";

let bench: Bench;

beforeAll(async () => {
  const { baseUrl, environment, operatorToken } = cloud();
  const readsOf = async (name: string) => (await operationsOf(name)).reads;
  const target = { baseUrl, environment, operatorToken, readsOf, distFolder: "dist" };
  bench = await openBench(target, "short");
});

async function rowsOf(figure: Figure): Promise<(what: string) => Row> {
  const rows = await figure.run(bench);
  return (what) => {
    const row = rows.find((one) => one.what.startsWith(what));
    if (!row) throw new Error(`${figure.name} has no row ${what}`);
    return row;
  };
}

describe("the bench", () => {
  test("an authenticated read costs little more than a bare one", async () => {
    const row = await rowsOf(authenticatedRead);
    expect(ratioOf(row("CPU of each"))).toBeLessThan(1.2);
    expect(ratioOf(row("throughput"))).toBeGreaterThan(0.5);
  });

  test("a forged key is refused about as fast as hello is said, without a read", async () => {
    const row = await rowsOf(forgedKey);
    expect(ratioOf(row("direct: CPU of each"))).toBeLessThan(2);
    expect(ratioOf(row("through the edge: throughput"))).toBeGreaterThan(0.3);
    expect(row("Firestore reads").value).toBe(0);
  });

  test("a bundle starts about as fast as the client it loads", async () => {
    const row = await rowsOf(coldStart);
    expect(ratioOf(row("agents"))).toBeLessThan(1.8);
    expect(ratioOf(row("meta"))).toBeLessThan(2.2);
  });

  test.runIf(isTurn(0, 2))("the stream begins long before the runner has started", async () => {
    const row = await rowsOf(firstOutput);
    expect(row("first stream byte").value).toBeLessThan(row("first output").value / 2);
  });

  test.runIf(isTurn(1, 2))("sandboxes start, alone and side by side", async () => {
    expect((await rowsOf(sandboxStart))("alone: p50").value).toBeGreaterThan(0);
  });

  test.runIf(isTurn(1, 2))("every event written in the sandbox is read by the client", async () => {
    expect((await rowsOf(eventDelivery))("p99").value).toBeLessThan(Infinity);
  });

  test.runIf(isTurn(0, 2))("executions side by side all succeed", async () => {
    expect((await rowsOf(manyExecutions))("errors").value).toBe(0);
  });
});
