import { completionFor, shells } from "../completion-scripts.ts";
import type { Context } from "../context.ts";
import { CommandError } from "../exits.ts";

export async function completion(context: Context): Promise<undefined> {
  const shell = shells.find((name) => name === context.arg(0));
  if (shell === undefined) throw new CommandError(`The shells are ${shells.join(", ")}.`);
  await context.output.text(completionFor(shell));
}
