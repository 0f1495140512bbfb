/** What every shell and program of a task starts with. */
import { existsSync } from "node:fs";

/** When memory runs out, the kernel kills the task's processes before the init. */
export const preferredVictim = 'echo 1000 >/proc/self/oom_score_adj; exec "$@"';

export function shellPath(): string {
  return existsSync("/usr/bin/bash") ? "/usr/bin/bash" : "/bin/sh";
}

/** The sandbox's own variables, without the init's, and what programs need to know of it. */
export function baseEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, USER, LOGNAME, SHELL, LANG, TERM, TMPDIR } = process.env;
  const usual = { PATH, HOME, USER, LOGNAME, SHELL, LANG, TERM, TMPDIR };
  // The search for leaks traces, which is refused: programs built with it would end in failure.
  return { ...usual, LSAN_OPTIONS: "detect_leaks=0" };
}
