/** What all routes have in common that run git in an execution and answer at its end. */
import type * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { noQuery } from "#shared/contract/common";
import { GitResult } from "#shared/contract/git";
import { gitScript } from "#shared/core/git/git-script";
import type { Manifest } from "#shared/core/workspace/manifest";
import { ApiError, errorBody } from "#shared/errors/api-error";
import type { ErrorCode } from "#shared/errors/catalogue";
import { whyEnded } from "#shared/executions/event-bodies";
import { stateAtEnd } from "#shared/executions/json-at-end";
import { ReadAllowance } from "#shared/executions/read-allowance";
import { isSameRequest, requestDigest } from "#shared/executions/request-digest";
import { startedFacts } from "#shared/executions/start-execution";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import {
  type ChangeRoute,
  change,
  type JsonReply,
  jsonBytesMax,
  type ReadContext,
} from "#shared/pipeline/route";
import { type Execution, hasEnded } from "#shared/store/executions";
import { readManifest } from "#shared/workspace/manifests";
import { filesOf, inEnvironment, shownPath, withRepository } from "./read-repository.ts";
import { readStatus } from "./read-status.ts";
import type { Repository } from "./repository.ts";
import {
  type GitPlan,
  type GitStartRead,
  readForGit,
  requireQuiet,
  startGit,
} from "./start-git.ts";

const saidMax = 2_000;

type Reading<B> = ReadContext<"api-key", { readonly environmentId: string }, unknown, B>;

/** What a plan is made of: the environment and its files as they are. */
export interface GitBasis<B> {
  readonly context: Reading<B>;
  readonly start: GitStartRead;
  /** The files, loaded when they are looked at, and to be forgotten before anything is awaited. */
  readonly files: () => Promise<Manifest>;
}

interface GitRoute<B> {
  readonly endpoint: `${"POST" | "PUT"} /v1/environments/:environmentId/git/${string}`;
  readonly summary: string;
  readonly body: z.ZodType<B>;
  readonly refusals: readonly ErrorCode[];
  /** Refuses what git would refuse, before anything is paid for. */
  readonly plan: (basis: GitBasis<B>) => Promise<GitPlan>;
}

type Known<B> = Pick<GitRoute<B>, "endpoint" | "plan">;

/** What git came to, or why it didn't, as an answer. */
async function replyOf<B>(
  context: Reading<B>,
  { execution, plan }: { readonly execution: Execution; readonly plan: GitPlan },
): Promise<JsonReply> {
  try {
    return await answerOf(context, { execution, plan });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "UNAVAILABLE") throw error;
    const { status, headers } = error;
    return { status, headers, body: errorBody(error, context.request.id) };
  }
}

async function readAndPlan<B>(route: Known<B>, context: Reading<B>) {
  const { caller, params, deps, signal } = context;
  const { owner } = caller;
  const start = await readForGit(context);
  const { earlier } = start;
  const request = [route.endpoint, params, context.body];
  if (earlier === null) await requireQuiet(deps.store, owner, params.environmentId);
  const files = async () =>
    earlier === null
      ? await filesOf({ owner, signal }, start.environment.value)
      : await readManifest(owner, earlier.baseManifestSha256, signal);
  const plan = await route.plan({ context, start, files });
  const reply = earlier && (await replyOf(context, { execution: earlier, plan }));
  return {
    start,
    plan,
    script: gitScript(plan),
    asked: { request, asStated: request },
    requestSha256: requestDigest(request),
    earlierReply: reply,
  };
}

export function gitRoute<B>(route: GitRoute<B>): ChangeRoute {
  const { endpoint, summary, body, refusals } = route;
  return change({
    endpoint,
    summary,
    authenticate: "api-key",
    scope: "environments:write",
    params: inEnvironment,
    query: noQuery,
    body,
    bodyBytesMax: jsonBytesMax,
    requestClass: "executions",
    beforeConfirmed: "nothing",
    account: "hold",
    audit: "execution.started",
    auditTask: ({ script }) => script,
    refusals: [
      ...(["INVALID_PATH", "REPOSITORY_UNREADABLE", "GIT_FAILED"] as const),
      ...(["THREAD_BUSY", "EXECUTION_RUNNING", "FORBIDDEN", "QUOTA_REACHED"] as const),
      ...refusals,
    ],
    reply: { 200: GitResult, 202: GitResult },
    read: async (context: Reading<B>) => await readAndPlan(route, context),
    idempotency: {
      space: ({ caller: { owner } }) => idempotencySpace(owner),
      earlier: ({ data: { start, asked, earlierReply } }) =>
        start.earlier === null || earlierReply === null
          ? null
          : {
              isSame: isSameRequest(start.earlier.requestSha256, asked),
              answer: () => earlierReply,
            },
    },
    decide(context) {
      const { data, request } = context;
      const started = startGit(context, data.start, data);
      const { execution } = started;
      return {
        writes: started.writes,
        account: started.account,
        limit: started.limit,
        subject: execution.id,
        facts: { ...startedFacts(execution, request.id), git: data.plan.title },
        reply: runningReply(execution, data.plan),
        started,
      };
    },
    answerAfter: async (context) => {
      const { caller, decided, version, deps, data, signal } = context;
      const { execution, ticket } = decided.started;
      await dispatchStarted(deps.store, caller.owner, {
        execution,
        version,
        ticket,
        now: deps.now,
      });
      const { waits, streams } = deploymentLimits();
      const ended = await stateAtEnd(context, {
        execution,
        signal: AbortSignal.any([signal, AbortSignal.timeout(waits.gitMsMax)]),
        reads: new ReadAllowance(streams.readsMax),
      });
      return await replyOf(context, { execution: ended, plan: data.plan });
    },
  });
}

function runningReply({ id, threadId }: Execution, { folder, title }: GitPlan): JsonReply {
  const body: z.input<typeof GitResult> = {
    success: false,
    status: "running",
    path: shownPath(folder),
    branch: null,
    sha: null,
    message: `${title} still runs: wait for execution ${id}, or follow thread ${threadId}.`,
    stagedFiles: [],
    unstagedFiles: [],
    executionId: id,
    threadId,
  };
  return { status: 202, body };
}

async function answerOf<B>(
  { caller: { owner }, signal }: Reading<B>,
  { execution, plan }: { readonly execution: Execution; readonly plan: GitPlan },
): Promise<JsonReply> {
  if (!hasEnded(execution)) return runningReply(execution, plan);
  requireDone(execution, plan);
  const { id, threadId, savedManifestSha256, baseManifestSha256 } = execution;
  const sha256 = savedManifestSha256 ?? baseManifestSha256;
  const files = async () => await readManifest(owner, sha256, signal);
  const where = { files, folder: plan.resultFolder ?? plan.folder };
  return await withRepository({ owner, signal }, where, async (repository) => {
    const { staged, unstaged } = await namesIn(repository, plan);
    const body: z.input<typeof GitResult> = {
      success: true,
      status: "completed",
      path: shownPath(where.folder),
      branch: plan.branch ?? repository.branch,
      sha: repository.head,
      message: plan.done,
      stagedFiles: staged,
      unstagedFiles: unstaged,
      executionId: id,
      threadId,
    };
    return { status: 200, body };
  });
}

async function namesIn(repository: Repository, { showsFiles }: GitPlan) {
  if (!showsFiles) return { staged: [], unstaged: [] };
  const { staged, unstaged } = await readStatus(repository);
  const pathOf = ({ path }: { readonly path: string }) => path;
  return { staged: staged.map(pathOf), unstaged: unstaged.map(pathOf) };
}

/** @throws {ApiError} `GIT_FAILED`, with what git said. */
function requireDone(execution: Execution, { title }: GitPlan): void {
  const { id, threadId, status, reason, detail, exitCode, conflicts, workspaceState } = execution;
  const fail = (message: string): never => {
    throw new ApiError("GIT_FAILED", {
      message,
      details: { executionId: id, threadId, reason, exitCode },
    });
  };
  if (status !== "success") {
    // The cut may be within a character.
    const said = (execution.output ?? "").trim().slice(-saidMax).toWellFormed();
    const why = reason === null ? "it was cancelled." : whyEnded(reason, detail);
    fail(`${title} failed: ${said === "" ? why : said}`);
  }
  if (workspaceState === "not_saved") fail(`${title} ran, but the files couldn't be kept.`);
  if (conflicts.some((path) => path.includes(".git/"))) {
    fail(`${title} ran while something else changed the repository: look at its files in .git.`);
  }
}
