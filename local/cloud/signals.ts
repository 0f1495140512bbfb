import { constants } from "node:os";

const stoppers = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C may arrive several times: from the terminal, from npm, and from our parent process.
 */
const sameRequestMs = 1_000;

/**
 * Ends this process in order on the first signal, and at once on the next; then everything left
 * dies with it. Returns a function that removes the handlers.
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  let askedAt: number | undefined;
  const handle = (signal: (typeof stoppers)[number]) => {
    const exit = () => process.exit(128 + constants.signals[signal]);
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > sameRequestMs) exit();
      return;
    }
    askedAt = performance.now();
    stop()
      .catch((failure: unknown) => console.error(String(failure)))
      .finally(exit);
  };
  for (const signal of stoppers) process.on(signal, handle);
  return () => {
    for (const signal of stoppers) process.off(signal, handle);
  };
}
