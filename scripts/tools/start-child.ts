/** Starts child processes that end when this one is asked to end. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

const running = new Set<ChildProcess>();
let listening = false;

/** Like `spawn`; passes signals on, and ends this process once every child has ended. */
export function startChild(
  command: readonly [string, ...string[]],
  options: SpawnOptions & { readonly timeout: number },
): ChildProcess {
  endOnSignals();
  const [program, ...args] = command;
  const child = spawn(program, args, options);
  running.add(child);
  child.once("close", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

/** Makes a signal end this process in order: children first, then `exit` handlers. */
export function endOnSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
}

function end(signal: NodeJS.Signals): void {
  const exit = () => process.exit(signal === "SIGINT" ? 130 : 143);
  if (running.size === 0) exit();
  for (const child of running) {
    child.once("close", () => {
      running.delete(child);
      if (running.size === 0) exit();
    });
    // On a terminal, Ctrl-C has reached the child as well.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  }
}
