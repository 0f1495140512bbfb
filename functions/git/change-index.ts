/** Routes that change a repository's index and its commits, on this machine alone. */
import type * as z from "zod";
import { GitBranch, GitCommitBody, GitFiles } from "#shared/contract/git";
import { confinePath } from "#shared/core/workspace/paths";
import { ApiError } from "#shared/errors/api-error";
import { type GitBasis, gitRoute } from "./git-route.ts";
import { branchInTheWay, hasBranch } from "./read-refs.ts";
import { folderOf, withRepository } from "./read-repository.ts";
import type { Repository } from "./repository.ts";
import type { GitPlan } from "./start-git.ts";

const refusals = ["NOT_A_REPOSITORY"] as const;
const offline = {
  passwordVariable: null,
  needsNetwork: false,
  sealedSecrets: [],
  isStoredSecret: false,
} as const;

type Words = Pick<GitPlan, "words" | "title" | "showsFiles" | "done"> & {
  readonly branch?: string;
};

/** @param words Made with the repository as it is, which may be refused. */
async function planIn<B extends { readonly path: string }>(
  { context: { caller, body, signal }, files }: GitBasis<B>,
  words: (repository: Repository) => Words,
): Promise<GitPlan> {
  const folder = folderOf(body.path);
  const reader = { owner: caller.owner, signal };
  const made = await withRepository(reader, { files, folder }, async (open) => words(open));
  return { ...offline, folder, ...made };
}

/** @throws {ApiError} `INVALID_PATH` */
function pathsOf({ files }: z.output<typeof GitFiles>): readonly string[] {
  return (files ?? []).map((file) => {
    const { path, refused } = confinePath(file.replace(/(?<!\/)\/+$/, ""));
    if (path !== undefined) return path;
    throw new ApiError("INVALID_PATH", { message: `The path of a file ${refused}.` });
  });
}

export const stageFiles = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/stage",
  summary: "git add: files, or everything. Runs in an execution.",
  body: GitFiles,
  refusals,
  plan: async (basis) => {
    const { body } = basis.context;
    const paths = body.all ? [] : pathsOf(body);
    const words = ["add", "--all", ...(paths.length === 0 ? [] : ["--", ...paths])];
    return await planIn(basis, () => ({
      title: "git add",
      words,
      showsFiles: true,
      done: "Staged.",
    }));
  },
});

export const unstageFiles = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/unstage",
  summary: "git reset: take files, or everything, out of the index. Runs in an execution.",
  body: GitFiles,
  refusals,
  plan: async (basis) => {
    const { body } = basis.context;
    const paths = body.all ? [] : pathsOf(body);
    const words = ["reset", "--quiet", ...(paths.length === 0 ? [] : ["--", ...paths])];
    return await planIn(basis, () => ({
      title: "git reset",
      words,
      showsFiles: true,
      done: "Unstaged.",
    }));
  },
});

export const commitFiles = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/commit",
  summary: "git commit of what is staged, without hooks. Runs in an execution.",
  body: GitCommitBody,
  refusals,
  plan: async (basis) => {
    // Clients take the answer's message for the commit's.
    const { message: done } = basis.context.body;
    const words = ["commit", "--quiet", "--no-verify", "--no-gpg-sign", `--message=${done}`];
    return await planIn(basis, () => ({ title: "git commit", words, showsFiles: false, done }));
  },
});

/** @throws {ApiError} `CONFLICT` if git can't make a branch of that name beside another. */
function requirePlace(repository: Repository, name: string): void {
  const other = branchInTheWay(repository, name);
  if (other === null) return;
  throw new ApiError("CONFLICT", {
    message: `No branch can have that name while there is one named ${other}.`,
  });
}

export const createBranch = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/branch",
  summary: "Make a branch where the repository is, without switching to it. Runs in an execution.",
  body: GitBranch,
  refusals: [...refusals, "CONFLICT"],
  plan: async (basis) => {
    const { name } = basis.context.body;
    return await planIn(basis, (repository) => {
      const { refs, head } = repository;
      const message = "There is a branch of that name.";
      if (refs.has(`refs/heads/${name}`)) throw new ApiError("CONFLICT", { message });
      requirePlace(repository, name);
      if (head === null) {
        throw new ApiError("GIT_FAILED", {
          message: "A branch begins at a commit: make one first.",
        });
      }
      const words = ["branch", "--no-track", name];
      return { title: "git branch", words, showsFiles: false, branch: name, done: "Made." };
    });
  },
});

export const switchBranch = gitRoute({
  endpoint: "PUT /v1/environments/:environmentId/git/branch",
  summary: "git switch to a branch, or to a remote's as a new one. Runs in an execution.",
  body: GitBranch,
  refusals: [...refusals, "NOT_FOUND", "CONFLICT"],
  plan: async (basis) => {
    const { name } = basis.context.body;
    return await planIn(basis, (repository) => {
      const message = "The repository has no branch of that name.";
      if (!hasBranch(repository, name)) throw new ApiError("NOT_FOUND", { message });
      if (!repository.refs.has(`refs/heads/${name}`)) requirePlace(repository, name);
      return {
        title: "git switch",
        words: ["switch", "--quiet", name],
        showsFiles: false,
        done: "Switched.",
      };
    });
  },
});
