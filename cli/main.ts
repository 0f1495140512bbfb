/**
 * `npx paddock`. This file and what it imports are loaded for `--help` too, so they are few; the
 * rest is loaded by the command that needs it.
 */
import { buildProgram } from "./program.ts";

async function main(): Promise<void> {
  const program = buildProgram(async (invocation) => {
    const { invoke } = await import("./invoke.ts");
    process.exitCode = await invoke(invocation);
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  }
}

/** Help, the version, and mistakes in arguments end this way, after they have been printed. */
function isUsageError(error: unknown): error is { readonly exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

void main();
