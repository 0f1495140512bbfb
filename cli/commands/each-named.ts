import type { Context } from "../context.ts";
import { CommandError, type ExitCode, exits } from "../exits.ts";

/**
 * Does the same with everything that the arguments name. What is refused keeps none of the others
 * from it. Who isn't logged in any more, as once one's own key was revoked, or has cancelled, is
 * asked for nothing more, and told what is left.
 * @param undone What is said of one that is refused, after its name.
 */
export async function eachNamed(
  { args, output }: Pick<Context, "args" | "output">,
  undone: string,
  work: (name: string, index: number) => Promise<void>,
): Promise<ExitCode> {
  let code: ExitCode = exits.ok;
  for (const [index, name] of args.entries()) {
    try {
      await work(name, index);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.exitCode !== exits.failed) {
        const left = index > 0 ? args.slice(index) : [];
        for (const one of left) output.failure(`${one} ${undone}.`);
        throw error;
      }
      output.failure(`${name} ${undone}: ${error.message}`);
      code = error.exitCode;
    }
  }
  return code;
}
