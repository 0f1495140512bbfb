/** Routes that reach other hosts: through the environment's network, with secrets bound to them. */
import { GitClone, GitPush } from "#shared/contract/git";
import {
  folderOfAddress,
  type GitAddress,
  parseGitAddress,
  secretFor,
} from "#shared/core/git/git-names";
import { decideHost } from "#shared/core/network/network-policy";
import type { Manifest } from "#shared/core/workspace/manifest";
import { isBelow } from "#shared/core/workspace/tree-order";
import { sealForMessage } from "#shared/environments/seal-secret";
import { ApiError } from "#shared/errors/api-error";
import { environmentReach } from "#shared/executions/resolve-network-policy";
import { defaultEgressLimits } from "#shared/protocol/runner";
import { type Environment, sealedSecrets } from "#shared/store/environments";
import { type GitBasis, gitRoute } from "./git-route.ts";
import { remoteOf } from "./read-refs.ts";
import { folderOf, withRepository } from "./read-repository.ts";
import type { Repository } from "./repository.ts";
import type { GitPlan } from "./start-git.ts";

/** The variable whose placeholder stands for a request's token. */
const tokenVariable = "PADDOCK_GIT_TOKEN";

export const cloneRepository = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/clone",
  summary: "git clone into a new folder, over https. Runs in an execution.",
  body: GitClone,
  refusals: ["CONFLICT", "NETWORK_NOT_ALLOWED"],
  plan: async (basis) => {
    const { body } = basis.context;
    const address = addressOf(body.repoUrl);
    requireReach(basis.start.environment.value, address);
    const target = folderOf(body.targetPath ?? folderOfAddress(address) ?? "");
    if (basis.start.earlier === null) requireFree(await basis.files(), target);
    const branch = body.branch === undefined ? [] : [`--branch=${body.branch}`];
    const credentials = await credentialsFor(basis, address, body.token ?? null);
    const options = ["--quiet", "--no-recurse-submodules", "--template=", ...branch];
    return {
      ...credentials,
      title: "git clone",
      done: "Cloned.",
      folder: "",
      resultFolder: target,
      words: ["clone", ...options, "--", address.url, target === "" ? "." : `./${target}`],
      needsNetwork: true,
      showsFiles: false,
    };
  },
});

export const pushCommits = gitRoute({
  endpoint: "POST /v1/environments/:environmentId/git/push",
  summary: "git push of a branch, over https, without hooks. Runs in an execution.",
  body: GitPush,
  refusals: ["NOT_A_REPOSITORY", "NOT_FOUND", "NETWORK_NOT_ALLOWED"],
  plan: async (basis) => {
    const { body, caller, signal } = basis.context;
    const { files } = basis;
    const folder = folderOf(body.path);
    const reader = { owner: caller.owner, signal };
    const known = await withRepository(reader, { files, folder }, async (repository) => ({
      remote: remoteNamed(repository, body.remote),
      branch: branchNamed(repository, body.branch),
    }));
    const { remote, branch } = known;
    requireReach(basis.start.environment.value, remote.address);
    const credentials = await credentialsFor(basis, remote.address, null);
    const options = ["--quiet", "--no-verify", "--no-signed", ...(body.force ? ["--force"] : [])];
    const ref = `refs/heads/${branch}`;
    return {
      ...credentials,
      title: "git push",
      done: "Pushed.",
      folder,
      branch,
      words: ["push", ...options, "--", remote.name, `${ref}:${ref}`],
      needsNetwork: true,
      showsFiles: false,
    };
  },
});

function remoteNamed(repository: Repository, asked: string | undefined) {
  const name = asked ?? remoteOf(repository)?.name;
  const { config } = repository;
  const url = config.get(`remote.${name}.pushurl`) ?? config.get(`remote.${name}.url`);
  if (name === undefined || url === undefined) {
    throw new ApiError("NOT_FOUND", { message: "The repository has no remote of that name." });
  }
  // It is an option's place in the command line.
  if (name.startsWith("-")) throw new ApiError("NOT_FOUND");
  return { name, address: addressOf(url) };
}

function branchNamed({ branch: current, refs }: Repository, asked: string | undefined): string {
  const branch = asked ?? current;
  if (branch !== null && refs.has(`refs/heads/${branch}`)) return branch;
  throw new ApiError("NOT_FOUND", { message: "The repository has no branch to push." });
}

/** @throws {ApiError} `VALIDATION_FAILED` */
function addressOf(text: string): GitAddress {
  const address = parseGitAddress(text);
  if (typeof address !== "string") return address;
  throw new ApiError("VALIDATION_FAILED", { message: `The repository's address: ${address}` });
}

/** The proxy refuses the same, but only once an execution has been paid for. */
function requireReach(environment: Environment, { host, port }: GitAddress): void {
  const policy = { ...environmentReach(environment), limits: defaultEgressLimits };
  const { mode, allow } = policy;
  if (decideHost({ mode, allow: [...allow], limits: policy.limits }, host, port).allowed) return;
  const entry =
    port === 443 ? `{ "host": "${host}" }` : `{ "host": "${host}", "ports": [${port}] }`;
  throw new ApiError("NETWORK_NOT_ALLOWED", {
    message:
      `The environment's network doesn't allow ${host}:${port}. ` +
      `Add ${entry} to its network.allow; private hosts can't be reached.`,
    details: { host, port },
  });
}

/** @throws {ApiError} `CONFLICT`, where git could make no folder or would find one with files. */
export function requireFree({ entries }: Manifest, target: string): void {
  for (const { path, type } of entries) {
    if (type !== "directory" && isBelow(target, path)) {
      const message = "A part of targetPath is a file or a link; clone into another one.";
      throw new ApiError("CONFLICT", { message });
    }
    const isTaken = path === target ? type !== "directory" : isBelow(path, target);
    if (!isTaken) continue;
    const message = "There are files in that folder already; clone into another targetPath.";
    throw new ApiError("CONFLICT", { message });
  }
}

/**
 * A token is bound to the address's host and sealed to the execution, so that neither the sandbox
 * nor the repository's settings ever hold it. Without one, a secret bound to the host is sent.
 * @throws {ApiError} `VALIDATION_FAILED` if a token would go where none can be bound.
 */
async function credentialsFor(
  { context: { caller, deps }, start }: GitBasis<unknown>,
  address: GitAddress,
  token: string | null,
): Promise<Pick<GitPlan, "passwordVariable" | "sealedSecrets" | "isStoredSecret">> {
  const environment = start.environment.value;
  if (token !== null && token !== "") {
    if (address.scheme !== "https" || address.port !== 443) {
      const message = "A token is only sent over https to port 443.";
      throw new ApiError("VALIDATION_FAILED", { message });
    }
    const sealed = await sealForMessage(caller.owner, environment, {
      executionId: start.executionId,
      key: tokenVariable,
      value: token,
      binding: { hosts: [address.host], headers: ["authorization"] },
    });
    return { passwordVariable: tokenVariable, sealedSecrets: [sealed], isStoredSecret: false };
  }
  const ref = sealedSecrets.of(caller.owner, environment.id);
  const stored = (await deps.store.get(ref)).value?.values ?? [];
  const passwordVariable = secretFor(stored, address);
  return { passwordVariable, sealedSecrets: [], isStoredSecret: true };
}
