/** Decides which of the two sandbox modes this machine supports. */
import { describeError } from "#shared/core/describe-error";
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";
import { run } from "./run.ts";

export interface ModeFound {
  readonly mode: SandboxMode;
  /** Why neither works, if so; `mode` is then the last one tried. */
  readonly unavailable: string | null;
}

const bwrap = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent"];
const nothing = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true"];

/** Starts a small real sandbox, because no file says what a kernel, container or policy forbids. */
export async function findMode(sandboxUid: number): Promise<ModeFound> {
  const reasons: string[] = [];
  for (const mode of sandboxModes) {
    try {
      const [command = "", ...rest] = attempt(mode, sandboxUid);
      await run(command, rest);
      return { mode, unavailable: null };
    } catch (error) {
      reasons.push(`${mode}: ${describeError(error)}`);
    }
  }
  return { mode: "setpriv", unavailable: reasons.join("; ") };
}

function attempt(mode: SandboxMode, uid: number): string[] {
  if (mode === "setpriv") return ["bwrap", ...bwrap, ...nothing];
  const user = ["--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups"];
  return ["setpriv", ...user, "bwrap", "--unshare-user", ...bwrap, ...nothing];
}
