import { ok } from "#shared/contract/common";
import { GitBranches } from "#shared/contract/git";
import { query } from "#shared/pipeline/route";
import { branchesOf } from "./read-refs.ts";
import { inEnvironment, RepositoryQuery, readRepository } from "./read-repository.ts";

export const listBranches = query({
  endpoint: "GET /v1/environments/:environmentId/git/branches",
  summary: "List a repository's branches, and those of its remotes as they were last fetched.",
  authenticate: "api-key",
  scope: "environments:read",
  params: inEnvironment,
  query: RepositoryQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  refusals: ["INVALID_PATH", "NOT_A_REPOSITORY", "REPOSITORY_UNREADABLE"],
  reply: { 200: GitBranches },
  read: async ({ caller: { owner }, params, query: { path }, deps: { store }, signal }) =>
    await readRepository({ owner, signal, store }, { ...params, path }, async (repository) => ({
      currentBranch: repository.branch,
      ...(await branchesOf(repository)),
    })),
  answer: ({ data: { currentBranch, local, remote } }) =>
    ok({
      currentBranch,
      branches: [...local, ...remote],
      localBranches: [...local],
      remoteBranches: [...remote],
    }),
});
