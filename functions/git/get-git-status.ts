import type * as z from "zod";
import { ok } from "#shared/contract/common";
import { GitStatus } from "#shared/contract/git";
import { query } from "#shared/pipeline/route";
import type { ChangedFile } from "./change-list.ts";
import { hasUnpushed, remoteOf } from "./read-refs.ts";
import {
  folderOf,
  inEnvironment,
  RepositoryQuery,
  readRepository,
  shownPath,
} from "./read-repository.ts";
import { readStatus } from "./read-status.ts";
import type { Repository } from "./repository.ts";

const nothing = {
  branch: null,
  remoteUrl: null,
  changedFiles: [],
  stagedFiles: [],
  unstagedFiles: [],
  hasChanges: false,
  hasStagedChanges: false,
  hasUnstagedChanges: false,
  hasUnpushedCommits: false,
};

export const getGitStatus = query({
  endpoint: "GET /v1/environments/:environmentId/git/status",
  summary: "What git status says of the workspace's repository, or of the one at path.",
  authenticate: "api-key",
  scope: "environments:read",
  params: inEnvironment,
  query: RepositoryQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  refusals: ["INVALID_PATH", "REPOSITORY_UNREADABLE"],
  reply: { 200: GitStatus },
  read: async ({ caller: { owner }, params, query: { path }, deps: { store }, signal }) => {
    const shown = shownPath(folderOf(path));
    return await readRepository(
      { owner, signal, store },
      { ...params, path },
      async (repository) => await statusBody(repository, shown),
      (message): z.input<typeof GitStatus> => ({
        ...nothing,
        isGitRepo: false,
        path: shown,
        message,
      }),
    );
  },
  answer: ({ data }) => ok(data),
});

async function statusBody(
  repository: Repository,
  path: string,
): Promise<z.input<typeof GitStatus>> {
  const { staged, unstaged } = await readStatus(repository);
  const changed = new Map<string, ChangedFile>();
  for (const file of [...staged, ...unstaged]) changed.set(file.path, file);
  return {
    isGitRepo: true,
    path,
    message: null,
    branch: repository.branch,
    remoteUrl: remoteOf(repository)?.url ?? null,
    changedFiles: [...changed.values()],
    stagedFiles: [...staged],
    unstagedFiles: [...unstaged],
    hasChanges: changed.size > 0,
    hasStagedChanges: staged.length > 0,
    hasUnstagedChanges: unstaged.length > 0,
    hasUnpushedCommits: await hasUnpushed(repository),
  };
}
