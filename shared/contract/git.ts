/** Repositories in a workspace. */
import * as z from "zod";
import { isBranchName, isRemoteName } from "../core/git/git-names.ts";

/** Empty, `.` or left out for the workspace itself. */
const RepositoryPath = z.string().max(1_024);
const BranchName = z
  .string()
  .max(200)
  .refine(isBranchName, "isn't a branch's name: see git-check-ref-format, and no dash at first");
const filesMax = 500;
const messageMax = 20_000;

export const GitFiles = z
  .object({
    /** Without it, everything, as with `all`. */
    files: z.array(z.string().min(1).max(1_024)).min(1).max(filesMax).optional(),
    path: RepositoryPath.default(""),
    all: z.boolean().default(false),
  })
  .refine(({ files, all }) => !all || files === undefined, {
    path: ["files"],
    error: "contradicts `all`: send one of them",
  });
export const GitCommitBody = z.object({
  /** Git makes no commit without a word. */
  message: z
    .string()
    .min(1)
    .max(messageMax)
    .refine((text) => /[^ \t\n\v\f\r]/.test(text), "holds nothing but blanks"),
  path: RepositoryPath.default(""),
});
export const GitPush = z.object({
  remote: z.string().max(100).refine(isRemoteName, "isn't a remote's name").optional(),
  branch: BranchName.optional(),
  force: z.boolean().default(false),
  path: RepositoryPath.default(""),
});
export const GitBranch = z.object({ name: BranchName, path: RepositoryPath.default("") });
export const GitClone = z.object({
  repoUrl: z.string().min(1).max(2_000),
  branch: BranchName.optional(),
  targetPath: RepositoryPath.optional(),
  /** Sealed to this execution, and sent by the proxy: the sandbox never holds it. */
  token: z
    .string()
    .max(8 * 1_024)
    .refine((text) => /^[\x21-\x7e]*$/.test(text), "must be printable ASCII without blanks")
    .nullish(),
});

export const gitFileStatuses = [
  ...(["added", "modified", "deleted", "typechange"] as const),
  ...(["untracked", "unmerged"] as const),
] as const;

const GitFile = z.object({ path: z.string(), status: z.enum(gitFileStatuses) });
const files = z.array(GitFile);

export const GitStatus = z.object({
  isGitRepo: z.boolean(),
  path: z.string(),
  /** Says why there is no repository. */
  message: z.string().nullable(),
  branch: z.string().nullable(),
  remoteUrl: z.string().nullable(),
  changedFiles: files,
  stagedFiles: files,
  unstagedFiles: files,
  hasChanges: z.boolean(),
  hasStagedChanges: z.boolean(),
  hasUnstagedChanges: z.boolean(),
  hasUnpushedCommits: z.boolean(),
});

const names = z.array(z.string());
export const GitBranches = z.object({
  currentBranch: z.string().nullable(),
  branches: names,
  localBranches: names,
  remoteBranches: names,
});

export const GitCommits = z.object({
  commits: z.array(
    z.object({
      hash: z.string(),
      shortHash: z.string(),
      author: z.string(),
      date: z.string(),
      /** Cut after 20,000 characters, and the author after 1,000. */
      message: z.string(),
      truncated: z.boolean(),
    }),
  ),
});

/** What running git came to. */
export const GitResult = z.object({
  /** False while it still runs. */
  success: z.boolean(),
  status: z.enum(["completed", "running"]),
  path: z.string(),
  branch: z.string().nullable(),
  /** The commit that is checked out. */
  sha: z.string().nullable(),
  message: z.string(),
  stagedFiles: names,
  unstagedFiles: names,
  executionId: z.string(),
  threadId: z.string(),
});
