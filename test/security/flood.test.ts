/** Ten thousand forged keys before bodies of a megabyte; a few hundred in the short form. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cloud, operationsOf, resetOperations } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { isLong } from "../kit/shard.ts";
import { type FloodRefusal, flood } from "./support/flood.ts";

const long = isLong;
const count = long ? 10_000 : 200;
const atOnce = 40;
const timeoutMs = long ? 600_000 : 60_000;
/** Only a connection's first reads are taken in, usually 99 KiB. */
const readBytesMax = 160 * 1024;
const growthMibMax = 64;

const portOf = (url: string) => Number(new URL(url).port);

/** Expects that all were refused: most with an answer, the others by a closed connection. */
function expectAllRefused(refusals: readonly FloodRefusal[], answeredMin: number): void {
  expect(refusals).toHaveLength(count);
  const answered = refusals.filter(({ status }) => status !== null);
  expect([...new Set(answered.map(({ status }) => status))]).toEqual([401]);
  expect(answered.length).toBeGreaterThanOrEqual(answeredMin);
}

function report(where: string, refusals: readonly FloodRefusal[], readBytesEach: number): void {
  if (!long) return;
  const times = refusals.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? 0);
  const kib = Math.round(readBytesEach / 1_024);
  console.log(`${count} ${where}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${kib} KiB read of each`);
}

describe(`KEY-3 ${count} forged keys, each before a body of a megabyte`, {
  timeout: timeoutMs,
}, () => {
  let agents: FunctionAside;

  beforeAll(async () => {
    const [aside] = await startAsides("agents", 1);
    if (!aside) throw new Error("no process");
    agents = aside;
    // Warms the process up: what it reads once, and what its heap needs.
    await flood({ port: portOf(agents.baseUrl), count: 100, atOnce });
  });
  afterAll(async () => await agents.stop());

  test("are refused by a function with no read, and with their bodies unread", async () => {
    const { reads } = agents.proxy.counters();
    const [bytes, residentMib] = [await agents.readBytes(), await agents.residentMib()];
    const refusals = await flood({ port: portOf(agents.baseUrl), count, atOnce });
    const readBytesEach = ((await agents.readBytes()) - bytes) / count;
    report("at a function", refusals, readBytesEach);
    expectAllRefused(refusals, 1);
    expect(agents.proxy.counters().reads).toBe(reads);
    expect(readBytesEach).toBeLessThan(readBytesMax);
    expect((await agents.residentMib()) - residentMib).toBeLessThan(growthMibMax);
  });

  test("reach no function through the edge but for their headers", async () => {
    await resetOperations();
    const refusals = await flood({ port: portOf(cloud().baseUrl), count, atOnce });
    report("through the edge", refusals, 0);
    expectAllRefused(refusals, count);
    expect(await operationsOf("agents")).toMatchObject({ reads: 0, writes: 0 });
  });
});
