/** Which open files a program started by this one would inherit. */
import { readFileSync } from "node:fs";

/** O_CLOEXEC, in the octal that the kernel prints. */
const closeOnExec = 0o2_000_000;

/** Whether descriptor `name` of this process survives an exec; false if it is closed already. */
export function isInheritable(name: string): boolean {
  try {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false;
  }
}
