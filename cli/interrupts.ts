import { exits } from "./exits.ts";

/**
 * Ctrl-C and SIGTERM call `first` once; another one ends the process.
 * @returns Puts the usual behaviour back.
 */
export function onInterrupt(first: () => void): () => void {
  let count = 0;
  const listener = () => {
    count += 1;
    if (count > 1) process.exit(exits.cancelled);
    first();
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return () => {
    process.off("SIGINT", listener);
    process.off("SIGTERM", listener);
  };
}
