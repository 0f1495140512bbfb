/** Repositories in workspaces: what is read of them without git, and what runs git in a sandbox. */
import { notOffered } from "#shared/pipeline/not-offered";
import { defaultLimits, type Service } from "#shared/pipeline/service";
import {
  commitFiles,
  createBranch,
  stageFiles,
  switchBranch,
  unstageFiles,
} from "./change-index.ts";
import { getGitStatus } from "./get-git-status.ts";
import { listBranches } from "./list-branches.ts";
import { listCommits } from "./list-commits.ts";
import { cloneRepository, pushCommits } from "./reach-remotes.ts";

/** Where clients before version 2.5 look for repositories; those below environments are newer. */
const earlierAddresses = "Git at the addresses of earlier clients isn't";

export const service: Service = {
  name: "git",
  summary: "Git in workspaces: read as stored, changed in executions",
  visibility: "edge",
  routes: [
    getGitStatus,
    listBranches,
    listCommits,
    stageFiles,
    unstageFiles,
    commitFiles,
    createBranch,
    switchBranch,
    pushCommits,
    cloneRepository,
    notOffered("GET /v1/git/:environmentId/*", earlierAddresses),
    notOffered("POST /v1/git/:environmentId/*", earlierAddresses),
  ],
  // A request may read a repository of a hundred megabytes, and may wait for an execution's end.
  limits: { ...defaultLimits, concurrency: 40, memoryMib: 1_024, timeoutSeconds: 120 },
  roles: ["firestore.main", "objects.read", "jobs.run", "secret.peppers"],
};
