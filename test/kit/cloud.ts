/** The run's local cloud, as a test file sees it. */
import { inject } from "vitest";
import type { Counters } from "../../local/firestore/counting-proxy.ts";
import type { RunFault } from "../../local/run/faults.ts";
import type { Command, FirestoreFault } from "./control-server.ts";

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

export async function restartFunction(name: string): Promise<void> {
  await ask({ do: "restart-function", name });
}

/** What a function's next calls of Firestore meet; null for nothing any more. */
export async function orderFirestoreFault(of: string, order: FirestoreFault | null): Promise<void> {
  await ask({ do: "firestore-fault", of, order });
}

/** What the next call of RunJob meets. */
export async function orderRunFault(fault: RunFault): Promise<void> {
  await ask({ do: "run-fault", fault });
}

/** Waits until `probe` gives something, at most `withinMs`. @throws naming what was waited for. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited ${withinMs} ms in vain for ${what}`);
}
