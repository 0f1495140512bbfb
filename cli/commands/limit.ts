import type { Context } from "../context.ts";
import { CommandError } from "../exits.ts";

const limitDefault = 50;
const limitMax = 10_000;

/**
 * `--limit`, which the API's own pages don't bound, for `ApiClient.list`.
 * @throws {CommandError} if it is too large.
 */
export function limitOf({ options, output }: Pick<Context, "options" | "output">) {
  const max = options.count("limit") ?? limitDefault;
  if (max > limitMax) throw new CommandError(`--limit takes at most ${limitMax}.`);
  const advice = max < limitMax ? " --limit shows more." : "";
  return { max, whenMore: () => output.note(`These are the first ${max}.${advice}`) };
}
