import type { CommandOptions } from "../command-options.ts";

const limitDefault = 50;
const limitMax = 10_000;

/** `--limit`, which the API's own pages don't bound. */
export function limitOf(options: CommandOptions): number {
  return Math.min(options.count("limit") ?? limitDefault, limitMax);
}
