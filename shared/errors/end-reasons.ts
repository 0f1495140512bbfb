import type { EndReason } from "../protocol/runner.ts";

/** Why an execution ended, in a sentence for its user. */
export const endReasons: Readonly<Record<EndReason, string>> = {
  completed: "The command ended with exit code 0.",
  command_failed: "The command ended with an exit code other than 0.",
  time_limit: "The execution reached its time limit and was stopped.",
  memory_limit: "The execution used more memory than its profile allows and was stopped.",
  disk_quota: "The workspace or /tmp is full: its size or its number of files.",
  file_size_limit: "The execution wrote a file larger than a single file may be.",
  open_files_limit: "The execution had more files open than it may.",
  process_limit: "The execution started more processes than it may.",
  output_limit: "The execution printed more than is kept; the rest was dropped.",
  cancelled: "The execution was cancelled.",
  budget: "The money set aside for the execution ended, and no more could be had.",
  agent_limit:
    "The agent reached its limit of steps or tokens, or repeated itself, and was stopped.",
  model_failed: "The language model couldn't be reached, failed, or declined to go on.",
  isolation_unavailable:
    "A mandatory layer of isolation was missing, so nothing was executed or charged.",
  secrets_unavailable:
    "The environment's secrets can't be opened any more, so nothing was executed; set them again.",
  runner_error: "The runner failed on our side.",
  lost: "The runner stopped answering; its result is lost and its cost unknown.",
};
