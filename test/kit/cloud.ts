/** The run's local cloud, as a test file sees it. */

import { inject } from "vitest";
import type { Counters } from "../../local/firestore/counters.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import type { RunFault } from "../../local/run/faults.ts";
import type { Command, FaultOrder } from "./control-server.ts";

export function cloud() {
  return inject("cloud");
}

async function ask(command: Command): Promise<unknown> {
  const answer = await fetch(cloud().controlUrl, { method: "POST", body: JSON.stringify(command) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text);
}

export async function operatorTokenFor(email: string): Promise<string> {
  return (await ask({ do: "operator-token", email })) as string;
}

export async function idTokenFor(email: string, audience: string): Promise<string> {
  return (await ask({ do: "id-token", email, audience })) as string;
}

/** One function's Firestore operations since the last reset. */
export async function operationsOf(name: string): Promise<Counters> {
  return (await ask({ do: "operations", of: name })) as Counters;
}

export async function resetOperations(): Promise<void> {
  await ask({ do: "reset-operations" });
}

/** A function's own URL, without the edge. */
export async function functionUrl(name: string): Promise<string> {
  return (await ask({ do: "function-url", name })) as string;
}

export async function killFunction(name: string): Promise<void> {
  await ask({ do: "kill-function", name });
}

/** Ends it in order and starts it from the current bundle. */
export async function restartFunction(name: string): Promise<void> {
  await ask({ do: "restart-function", name });
}

/**
 * Orders a fault for the next calls of `kms`, of `storage`, or of Firestore by the function of that
 * name, after those ordered already. Null cancels all of them and releases held calls.
 */
export async function orderFault(target: string, order: FaultOrder | null): Promise<void> {
  await ask({ do: "fault", of: target, order });
}

/** Waits until a call is held at the point where that was ordered. */
export async function untilHeld(target: string, withinMs = 90_000): Promise<void> {
  await until(
    `a call of ${target} that is held`,
    async () => (await ask({ do: "held", of: target })) === 1,
    withinMs,
  );
}

/** Releases held calls, but keeps what is ordered. */
export async function releaseHeld(target: string): Promise<void> {
  await ask({ do: "release", of: target });
}

/** Sends SIGKILL to the whole cloud but Firestore. */
export async function killCloud(): Promise<void> {
  await ask({ do: "kill-cloud" });
}

export async function startCloudAgain(): Promise<void> {
  await ask({ do: "start-cloud" });
}

/** How many executions may run at once from now on; null for the quota. */
export async function orderRunRoom(runningMax: number | null): Promise<void> {
  await ask({ do: "run-room", runningMax });
}

/** Orders a fault for the next call of RunJob. Null cancels all that no call has met yet. */
export async function orderRunFault(fault: RunFault | null): Promise<void> {
  await ask({ do: "run-fault", fault });
}

/** Polls until `probe` returns something, at most `withinMs`. @throws naming what was awaited. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  withinMs = 90_000,
): Promise<T> {
  // Polls slow things less often, because each poll takes time from the others.
  const pauseMsAfter = (waitedMs: number) => Math.min(Math.max(25, waitedMs / 10), 250);
  const found = await pollUntil(probe, withinMs, pauseMsAfter);
  if (found === null) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
  return found;
}
