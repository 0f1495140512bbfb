/** The stub compares its parent with us: if we died before `setpriv`, nothing would kill it. */
const stub = '[ "$PPID" = "$1" ] || exit 125; shift; exec "$@"';

/** A command that the kernel kills when this process dies, however it dies. */
export function boundCommand(command: readonly string[]): { file: string; args: string[] } {
  const args = ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", stub, "bound", String(process.pid)];
  return { file: "setpriv", args: [...args, ...command] };
}
