import * as z from "zod";
import { iso, ok } from "#shared/contract/common";
import { GitCommits } from "#shared/contract/git";
import { query } from "#shared/pipeline/route";
import { commitsFrom } from "./read-refs.ts";
import { inEnvironment, RepositoryQuery, readRepository } from "./read-repository.ts";
import type { Repository } from "./repository.ts";

const commitsMax = 50;
/** As many characters as git shows, in all but the largest repositories. */
const shortLength = 7;
/** What a commit has in an answer beside its texts. */
const aroundBytes = 300;

export const listCommits = query({
  endpoint: "GET /v1/environments/:environmentId/git/commits",
  summary: "List the newest commits before the one that is checked out, and that one.",
  authenticate: "api-key",
  scope: "environments:read",
  params: inEnvironment,
  query: RepositoryQuery.extend({
    limit: z.coerce.number().int().min(1).max(commitsMax).default(10),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  refusals: ["INVALID_PATH", "NOT_A_REPOSITORY", "REPOSITORY_UNREADABLE"],
  reply: { 200: GitCommits },
  read: async ({ caller: { owner }, params, query, deps: { store }, signal }) =>
    await readRepository(
      { owner, signal, store },
      { ...params, path: query.path },
      async (repository) => await newest(repository, query.limit),
    ),
  answer: ({ data: commits }) => ok({ commits }),
});

async function newest(repository: Repository, limit: number) {
  const commits: z.input<typeof GitCommits>["commits"] = [];
  if (repository.head === null) return commits;
  for await (const { oid, commit } of commitsFrom(repository, repository.head, limit)) {
    const { author, authoredAt, message, isCut: truncated } = commit;
    const date = iso(authoredAt);
    repository.budget.answer(author, { times: 1, more: 0 });
    repository.budget.answer(message, { times: 1, more: aroundBytes });
    const shortHash = oid.slice(0, shortLength);
    commits.push({ hash: oid, shortHash, author, date, message, truncated });
  }
  return commits;
}
