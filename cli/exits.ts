/** How the process ends, as `gh` has it. */
export const exits = { ok: 0, failed: 1, cancelled: 2, notLoggedIn: 4 } as const;
export type ExitCode = (typeof exits)[keyof typeof exits];

/** A failure that the user can read: one sentence, and never a stack trace. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exits.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
