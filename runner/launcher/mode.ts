/** Decides which of the two sandbox modes this machine supports. */
import { describeError } from "#shared/core/describe-error";
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";
import { namespaces } from "../sandbox/bubblewrap-arguments.ts";
import { run } from "./run.ts";

export interface ModeFound {
  readonly mode: SandboxMode;
  /** Why neither works, if so; `mode` is then the last one tried. */
  readonly unavailable: string | null;
}

const nothing = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true"];

/** Starts a small real sandbox, because no file says what a kernel, container or policy forbids. */
export async function findMode(sandboxUid: number): Promise<ModeFound> {
  const reasons: string[] = [];
  for (const mode of sandboxModes) {
    try {
      const [command = "", ...rest] = probeCommand(mode, sandboxUid);
      await run(command, rest);
      return { mode, unavailable: null };
    } catch (error) {
      reasons.push(`${mode}: ${describeError(error)}`);
    }
  }
  return { mode: "setpriv", unavailable: reasons.join("; ") };
}

/**
 * The command of a sandbox that does nothing. It asks for every namespace that a real one has: a
 * host that forbids a single one must be found before an execution is claimed.
 */
export function probeCommand(mode: SandboxMode, uid: number): string[] {
  const bwrap = ["bwrap", ...namespaces(mode), "--die-with-parent", ...nothing];
  if (mode === "setpriv") return bwrap;
  return ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups", ...bwrap];
}
