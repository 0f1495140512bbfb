import type { NetworkInput } from "../contract/network.ts";
import { executionLimits } from "../core/executions/profiles.ts";
import { formatTicket, hashTicket } from "../core/executions/ticket.ts";
import type { Owner } from "../identity/owner.ts";
import { ticketLifetimeMs } from "../protocol/job.ts";
import type { ReasoningEffort } from "../protocol/language-model.ts";
import type { Agent } from "../store/agents.ts";
import type { Environment, Layer } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";
import type { Thread } from "../store/threads.ts";
import { layerOf } from "./layer-of.ts";
import { defaultModel, requireModel } from "./models.ts";
import { resolveNetworkPolicy } from "./resolve-network-policy.ts";
import { readerMs, timing } from "./timing.ts";

/** What a message may set for its execution. */
export interface MessageOptions {
  readonly content: string;
  readonly model: string | null;
  readonly instructions: string | null;
  readonly reasoningEffort: ReasoningEffort | null;
  readonly enabledSkills: readonly string[] | null;
  readonly environmentVariables: readonly { readonly key: string; readonly value: string }[];
  readonly sealedSecrets: Execution["sealedSecrets"];
  readonly setupScripts: readonly string[];
  /** A message may only restrict what the environment allows. */
  readonly internetAccess: boolean | null;
  readonly network: NetworkInput | null;
  readonly keepsChanges: boolean;
}

export interface ExecutionStart {
  readonly id: string;
  readonly messageId: string;
  readonly keyId: string;
  readonly keyLineageId: string | null;
  readonly requestSha256: string;
  readonly ticketSecret: string;
  readonly wallClockMs: number;
  readonly source: Execution["source"];
  readonly holdMicrousd: number;
  readonly now: number;
}

interface ExecutionPlace {
  readonly thread: Thread;
  readonly environment: Environment;
  readonly agent: Agent | null;
}

/** What its end will say. */
const notEnded = {
  chargedMicrousd: null,
  modelCostMicrousd: 0,
  inputTokens: 0,
  outputTokens: 0,
  reason: null,
  exitCode: null,
  detail: null,
  output: null,
  outputTruncated: false,
  workspaceState: null,
  savedManifestSha256: null,
  conflicts: [],
  endedAt: null,
} satisfies Partial<Execution>;

/**
 * Fixes everything that the execution may do.
 * @throws {ApiError} `MODEL_NOT_OFFERED` or `NETWORK_NOT_ALLOWED`.
 */
export function newExecution(
  owner: Owner,
  place: ExecutionPlace,
  options: MessageOptions,
  start: ExecutionStart,
): { readonly execution: Execution; readonly ticket: string } {
  const { thread, environment, agent } = place;
  const { id, now } = start;
  const ticket = firstTicket(owner, environment, start);
  const layer = layerOf(environment);
  const execution: Execution = {
    v: 1,
    id,
    ownerId: owner.id,
    mode: owner.mode,
    threadId: thread.id,
    environmentId: environment.id,
    agentId: agent?.id ?? null,
    projectId: thread.projectId,
    ...{ source: start.source, messageId: start.messageId },
    keyId: start.keyId,
    keyLineageId: start.keyLineageId,
    status: "queued",
    requestSha256: start.requestSha256,
    task: {
      model: requireModel(options.model ?? agent?.model ?? defaultModel()),
      instructions: options.instructions ?? agent?.instructions ?? null,
      content: options.content,
      reasoningEffort: options.reasoningEffort ?? agent?.reasoningEffort ?? null,
      enabledSkills: [...(options.enabledSkills ?? agent?.enabledSkills ?? [])],
    },
    profile: environment.profile,
    network: resolveNetworkPolicy(environment, options),
    limits: limitsBeside(layer, executionLimits(environment.profile, start.wallClockMs)),
    environmentVariables: [
      ...(layer?.variables ?? []),
      ...environment.environmentVariables,
      ...options.environmentVariables,
    ],
    secretKeys: environment.secretKeys,
    sealedSecrets: [...options.sealedSecrets],
    setupScripts: [...environment.setupScripts, ...options.setupScripts],
    build: null,
    layer: nameOf(layer),
    keepsChanges: options.keepsChanges,
    baseManifestSha256: environment.workspace?.manifestSha256 ?? null,
    basePreviousManifestSha256: environment.workspace?.previousManifestSha256 ?? null,
    attempt: 1,
    ticketSha256: hashTicket(ticket),
    ticketExpiresAt: now + ticketLifetimeMs,
    jobExecution: null,
    image: null,
    dispatchedAt: null,
    waitingSince: null,
    cancelRequestedAt: null,
    threadDeleted: false,
    claimedAt: null,
    claimantSha256: null,
    hasStored: false,
    leaseExpiresAt: null,
    sweepAt: now + timing().dispatchDeadlineMs,
    readerUntil: now + readerMs,
    holdMicrousd: start.holdMicrousd,
    modelHoldMicrousd: 0,
    ...notEnded,
    eventsLastSequence: 0,
    createdAt: now,
  };
  return { execution, ticket };
}

function nameOf(layer: Layer | null): Execution["layer"] {
  if (layer === null) return null;
  const { hash, manifestSha256, restoreBytes } = layer;
  return { hash, manifestSha256, restoreBytes };
}

/** A layer lies in memory like the workspace, and takes its room. */
function limitsBeside(layer: Layer | null, limits: Execution["limits"]): Execution["limits"] {
  if (layer === null) return limits;
  return { ...limits, workspaceBytes: Math.max(1, limits.workspaceBytes - layer.restoreBytes) };
}

function firstTicket(owner: Owner, environment: Environment, start: ExecutionStart): string {
  return formatTicket({
    ownerId: owner.id,
    environmentId: environment.id,
    executionId: start.id,
    attempt: 1,
    secret: start.ticketSecret,
  });
}
