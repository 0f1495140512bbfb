import * as z from "zod";
import { ThreadBody } from "./thread.ts";
import { unsupported } from "./unsupported.ts";

const sameFiles = "isn't supported: a copy works on the same files as its thread";

export const ThreadCopy = z.object({
  title: z.string().max(500).nullish(),
  /** How many of the first messages are copied; all by default. */
  truncateAtMessageIndex: z.int().min(0).nullish(),
  environmentTarget: z
    .literal("existing_environment", `can only be existing_environment: another one ${sameFiles}`)
    .nullish(),
  /** The environment that the copy uses instead; its files are its own. */
  targetEnvironmentId: z.string().nullish(),
  fileCopyMode: unsupported(sameFiles),
});

export const ThreadFork = ThreadCopy.extend({
  /** Which message of the user the fork begins before. */
  truncateAtMessageIndex: z.int().min(0),
});

export const StepFork = z.object({
  mode: z
    .literal(
      "latest",
      "can only be latest: files as they were at a step aren't kept, so a fork has today's",
    )
    .nullish(),
  title: z.string().max(500).nullish(),
  environmentName: unsupported(sameFiles),
});

export const ThreadCopied = z.object({
  thread: ThreadBody,
  environmentId: z.string(),
  environmentName: z.string().nullable(),
  snapshotId: z.null(),
  messagesCopied: z.int(),
  forkMode: z.enum(["copy", "latest"]),
});
