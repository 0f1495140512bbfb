/** Decides from observations why an execution ended. Pure. */
import type { EndReason, SettleRequest } from "#shared/protocol/runner";
import type { UnfinishedReason } from "../agent/model.ts";

/** Why an execution is ended from outside. */
export type StopReason =
  | "time_limit"
  | "cancelled"
  | "budget"
  | "output_limit"
  | "runner_error"
  | "lost";

export interface Seen {
  readonly stopped: StopReason | null;
  /** The exit code of the script that decides; null if the sandbox was lost or nothing ran. */
  readonly exitCode: number | null;
  /** Why a language model didn't finish its task. */
  readonly unfinished?: UnfinishedReason | undefined;
  readonly memoryKills: number;
  readonly processRefusals: number;
  /** The workspace or `/tmp` had no room left at the end. */
  readonly diskFull: boolean;
  /** The last part of its output. */
  readonly outputTail: string;
}

export interface ExecutionOutcome {
  readonly outcome: SettleRequest["outcome"];
  readonly reason: EndReason;
  readonly exitCode: number | null;
}

/** The exit code of coreutils' `timeout`. */
const timedOutCode = 124;
/** 128 + SIGXFSZ: a file grew past its limit. */
const fileTooLargeCode = 153;

/** It is a map, because the init chooses the name, and objects have inherited names. */
const signalNumbers = new Map([
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGQUIT", 3],
  ["SIGILL", 4],
  ["SIGTRAP", 5],
  ["SIGABRT", 6],
  ["SIGBUS", 7],
  ["SIGFPE", 8],
  ["SIGKILL", 9],
  ["SIGSEGV", 11],
  ["SIGPIPE", 13],
  ["SIGALRM", 14],
  ["SIGTERM", 15],
  ["SIGXCPU", 24],
  ["SIGXFSZ", 25],
  ["SIGSYS", 31],
]);

/** The exit code of an ended process, as a shell reports it. */
export function shellExitCode(end: {
  readonly code: number | null;
  readonly signal: string | null;
}): number {
  return end.code ?? 128 + (signalNumbers.get(end.signal ?? "") ?? 0);
}

/** Messages of C libraries and languages about limits that the kernel doesn't count. */
const complaints: readonly (readonly [EndReason, RegExp])[] = [
  ["open_files_limit", /Too many open files|EMFILE/],
  ["file_size_limit", /File too large|File size limit exceeded|EFBIG/],
  ["disk_quota", /No space left on device|ENOSPC/],
  [
    "process_limit",
    /fork: .{0,100}Resource temporarily unavailable|can't start new thread|Cannot fork/,
  ],
];

export function decideOutcome(seen: Seen): ExecutionOutcome {
  const { stopped, exitCode } = seen;
  if (stopped === "time_limit") return failed("time_limit", timedOutCode);
  if (stopped === "cancelled") return { outcome: "cancelled", reason: "cancelled", exitCode };
  if (stopped !== null) return failed(stopped, exitCode);
  // What a model's commands met on their way was its to handle, and it decided how far it came.
  if (seen.unfinished !== undefined) return failed(seen.unfinished, exitCode);
  if (exitCode === 0) return { outcome: "success", reason: "completed", exitCode };
  // A script that copes with a limit succeeds; a script that fails is told which limit it met.
  if (seen.memoryKills > 0) return failed("memory_limit", exitCode);
  if (exitCode === fileTooLargeCode) return failed("file_size_limit", exitCode);
  if (seen.diskFull) return failed("disk_quota", exitCode);
  if (seen.processRefusals > 0) return failed("process_limit", exitCode);
  // The message only explains a failure that happened, so a misleading one does no harm.
  const complaint = complaints.find(([, words]) => words.test(seen.outputTail));
  return failed(complaint?.[0] ?? "command_failed", exitCode);
}

function failed(reason: EndReason, exitCode: number | null): ExecutionOutcome {
  return { outcome: "failed", reason, exitCode };
}

/**
 * One sentence for the end of the answer. There is none if the answer explains itself, or if
 * nothing was executed: the gateway wouldn't believe that of a runner that sends output.
 */
export const reasonNotes: Readonly<Partial<Record<EndReason, string>>> = {
  time_limit: "Stopped: the time limit was reached.",
  memory_limit: "Failed: memory ran out, and the kernel ended a process.",
  disk_quota: "Failed: the workspace or /tmp reached its limit of bytes or files.",
  file_size_limit: "Failed: a single file reached its size limit.",
  open_files_limit: "Failed: the limit of open files was reached.",
  process_limit: "Failed: the limit of processes was reached.",
  output_limit: "Stopped: far more output than can be kept.",
  cancelled: "Stopped: cancelled.",
  budget: "Stopped: the budget is used up.",
  agent_limit: "Stopped: the agent reached a limit before its task was done.",
  model_failed: "Failed: the language model gave no answer.",
  runner_error: "Failed: the runner had a problem of its own.",
};
