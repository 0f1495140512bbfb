/** Operations of requests, counted exactly and compared with their budgets. */
import { expect } from "vitest";
import { operationsOf, resetOperations } from "./cloud.ts";
import type { Budget } from "./least-cost.ts";
import type { MeasuredRequest } from "./operations-page.ts";

const rows = new Map<string, MeasuredRequest>();

/** Every request that was held to a budget, in order. */
export function measured(): readonly MeasuredRequest[] {
  return [...rows.values()];
}

/** What a request asks of a function's database, counted by the proxy before it. */
export async function counted(name: string, request: () => Promise<unknown>): Promise<Budget> {
  await resetOperations();
  await request();
  return await soFar(name);
}

/**
 * Expects this many reads and writes, and at most as many trips, and keeps what is expected for the
 * page. Of calls that are sent together some overlap by chance, so that trips may be fewer.
 */
export function hold(request: string, measured: Budget, expected: Budget): void {
  rows.set(request, { request, ...expected });
  const { reads, writes } = expected;
  expect(measured, request).toMatchObject({ reads, writes });
  expectAtMost(measured, expected);
}

export function expectAtMost(measured: Budget, { reads, writes, roundTrips }: Budget): void {
  expect(measured.reads, "reads").toBeLessThanOrEqual(reads);
  expect(measured.writes, "writes").toBeLessThanOrEqual(writes);
  expect(measured.roundTrips, "round trips").toBeLessThanOrEqual(roundTrips);
}

export async function soFar(name: string): Promise<Budget> {
  const { reads, writes, roundTrips } = await operationsOf(name);
  return { reads, writes, roundTrips };
}
