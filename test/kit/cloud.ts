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

/** Where a function answers past the edge. */
export async function functionUrl(name: string): Promise<string> {
  return (await ask({ do: "function-url", name })) as string;
}

export async function killFunction(name: string): Promise<void> {
  await ask({ do: "kill-function", name });
}

/** Ends it in order and starts it from the bundle that is there now. */
export async function restartFunction(name: string): Promise<void> {
  await ask({ do: "restart-function", name });
}

/**
 * What the next calls of `kms`, of `storage`, or of Firestore by the function of that name meet,
 * after what is ordered already; null for nothing any more, and what is held goes on.
 */
export async function orderFault(of: string, order: FaultOrder | null): Promise<void> {
  await ask({ do: "fault", of, order });
}

/** Waits until a call stands at the point where it was ordered to be held. */
export async function untilHeld(of: string, withinMs = 90_000): Promise<void> {
  await until(
    `a call of ${of} that is held`,
    async () => (await ask({ do: "held", of })) === 1,
    withinMs,
  );
}

/** Lets go what is held; what is ordered stays. */
export async function releaseHeld(of: string): Promise<void> {
  await ask({ do: "release", of });
}

/** SIGKILL to the whole cloud but Firestore. */
export async function killCloud(): Promise<void> {
  await ask({ do: "kill-cloud" });
}

export async function startCloudAgain(): Promise<void> {
  await ask({ do: "start-cloud" });
}

/** How many executions run at once from now on; null for the quota. */
export async function orderRunRoom(runningMax: number | null): Promise<void> {
  await ask({ do: "run-room", runningMax });
}

/** What the next call of RunJob meets. */
export async function orderRunFault(fault: RunFault): Promise<void> {
  await ask({ do: "run-fault", fault });
}

/** Waits until `probe` gives something, at most `withinMs`. @throws naming what was waited for. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  withinMs = 90_000,
): Promise<T> {
  // What takes seconds is asked for less often: each question costs others of their machine.
  const pauseMsAfter = (waitedMs: number) => Math.min(Math.max(25, waitedMs / 10), 250);
  const found = await pollUntil(probe, withinMs, pauseMsAfter);
  if (found === null) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
  return found;
}
