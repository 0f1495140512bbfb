/** Kills a process, or signals it otherwise; one that has ended by then is no failure. */
export function killProcess(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}
