import { timingSafeEqual } from "node:crypto";
import { gatewayKeys } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { hashTicket, issueToken, type TokenClaims } from "#shared/core/executions/ticket";
import { serversOf } from "#shared/environments/mcp-servers";
import { type OpenedSecrets, openSecrets, SecretsGone } from "#shared/environments/open-secrets";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { endUnclaimable } from "#shared/executions/end-unclaimable";
import { modelEntry } from "#shared/executions/models";
import { flushIntervalMs, overheadMs, timing } from "#shared/executions/timing";
import { ticketOwner } from "#shared/identity/ticket-owner";
import { logFailure } from "#shared/pipeline/request-log";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { ClaimReply, ClaimRequest } from "#shared/protocol/runner";
import { modeOfClaim } from "#shared/protocol/sandbox-mode";
import { noSkills } from "#shared/protocol/skill";
import { replace } from "#shared/store/documents";
import { sealedSecrets, sealingKeys } from "#shared/store/environments";
import { type Execution, executions } from "#shared/store/executions";
import { requireFound } from "#shared/store/read-document";
import { formatLease } from "./lease.ts";
import { noteRunning } from "./live-executions.ts";
import { type ReadConversation, readConversation } from "./read-conversation.ts";

export const claim = change({
  endpoint: "POST /internal/executions/claim",
  summary: "Exchange a single-use ticket for the task, its secrets and two tokens.",
  authenticate: "runner",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: ClaimRequest,
  bodyBytesMax: jsonBytesMax,
  requestClass: "none",
  beforeConfirmed: "reads",
  account: "none",
  audit: "execution.claimed",
  reply: { 200: ClaimReply },
  read: async ({ body, deps, now }) => {
    const { ticket, owner } = ticketOwner(body.ticket);
    const [[found, sealed], pair] = await allInOrder([
      deps.store.getAll(
        executions.of(owner, ticket.executionId),
        sealedSecrets.of(owner, ticket.environmentId),
      ),
      deps.keyStore.get(sealingKeys.of(owner, ticket.environmentId)),
    ]);
    if (found.value === null) throw new ApiError("LEASE_LOST");
    requireTicket(found.value, body, { attempt: ticket.attempt, now });
    const conversation = await readConversation(deps, owner, found.value);
    const stored = { sealed: sealed.value, pair: pair.value };
    return { owner, found: requireFound(found), conversation, ...stored };
  },
  prepare: async ({ data: { owner, found, conversation, ...sealed }, deps, signal }) => {
    const { value: execution } = found;
    const sealedIn = { execution, ...sealed };
    const opened = await openSecrets(owner, sealedIn).catch(async (error: unknown) => {
      if (!(error instanceof SecretsGone)) throw error;
      await endUnclaimable(deps, owner, execution);
      throw new ApiError("LEASE_LOST", { cause: error });
    });
    // A runner that is gone would be charged for what it can't run.
    if (signal.aborted) throw new ApiError("UNAVAILABLE", { cause: "the runner is gone" });
    return { owner, found, conversation, opened };
  },
  actsOn: ({ owner }) => owner,
  decide({ body, data, now }) {
    const { found, opened, owner } = data;
    const { leaseMs, heartbeatIntervalMs } = timing();
    const leaseExpiresAt = now + leaseMs;
    const again = found.value.status === "running";
    const running: Execution = again
      ? found.value
      : {
          ...found.value,
          status: "running",
          claimedAt: now,
          claimantSha256: body.claimant === undefined ? null : hashTicket(body.claimant),
          leaseExpiresAt,
          sweepAt: leaseExpiresAt,
        };
    const { id, attempt, threadId, environmentId, limits, task } = running;
    const claims: TokenClaims = {
      ownerId: owner.id,
      executionId: id,
      threadId,
      environmentId,
      attempt,
      expiresAt: now + limits.wallClockMs + overheadMs,
      metered: {
        profile: running.profile,
        wallClockMs: limits.wallClockMs,
        claimedAt: running.claimedAt ?? now,
      },
    };
    return {
      writes: again ? [] : [replace(found.ref, found.version, running)],
      subject: id,
      facts: { attempt, ...modeOf(body), secrets: countOf(opened), image: running.image },
      reply: (version) =>
        ok<ClaimReply>({
          executionId: id,
          attempt,
          threadId,
          environmentId,
          controlToken: issueToken("control", claims, gatewayKeys()),
          modelToken: issueToken("model", claims, gatewayKeys()),
          lease: {
            version: formatLease(
              {
                executionId: id,
                version: version ?? found.version,
                heldMicrousd: running.holdMicrousd - running.modelHoldMicrousd,
              },
              gatewayKeys(),
            ),
            expiresAt: running.leaseExpiresAt ?? leaseExpiresAt,
            heartbeatIntervalMs,
            readerUntil: running.readerUntil,
          },
          flushIntervalMs: flushIntervalMs(running.readerUntil, now),
          task: { model: task.model, instructions: task.instructions, content: task.content },
          models: modelsOf(running, claims),
          ...forLanguageModel(data.conversation, opened),
          limits,
          network: networkOf(running),
          environmentVariables: running.environmentVariables,
          secrets: [...opened.secrets],
          boundSecrets: [...opened.boundSecrets],
          setupScripts: running.setupScripts,
          manifestSha256: running.baseManifestSha256,
          previousManifestSha256: running.basePreviousManifestSha256,
          layer: layerOf(running),
        }),
    };
  },
  after: async ({ data: { found }, now }) => {
    const { id: executionId, attempt } = found.value;
    noteRunning({ executionId, attempt }, now);
  },
});

/** What a language model reads and may call; nothing of it for `shell`. */
function forLanguageModel(read: ReadConversation | null, { sealedServers }: OpenedSecrets) {
  if (read === null) return { conversation: null, skills: noSkills, mcpServers: [] };
  const { conversation, skills, mcpServersJson } = read;
  const mcpServers = serversOf({ clear: mcpServersJson, sealed: sealedServers });
  return { conversation, skills, mcpServers };
}

/** The policy without the class of its job, which is the platform's affair. */
function networkOf({ network: { job: _job, ...policy } }: Execution): ClaimReply["network"] {
  return policy;
}

function layerOf({ build, layer }: Execution): ClaimReply["layer"] {
  if (build !== null) return { use: "build" };
  if (layer === null) return null;
  const { manifestSha256, restoreBytes } = layer;
  return { use: "mount", manifestSha256, restoreBytes };
}

function modelsOf({ task }: Execution, claims: TokenClaims): ClaimReply["models"] {
  const catalogueEntry = modelEntry(task.model);
  if (catalogueEntry === null) return null;
  return { token: issueToken("model", claims, gatewayKeys()), catalogueEntry };
}

function modeOf({ runner }: ClaimRequest) {
  return { sandboxMode: modeOfClaim(runner.sandboxMode) };
}

function countOf({ secrets, boundSecrets }: OpenedSecrets): number {
  return secrets.length + boundSecrets.length;
}

/**
 * @throws {ApiError} `LEASE_LOST` unless this is the newest attempt's ticket and either unused or
 * used by this very runner, whose first answer was lost then.
 */
function requireTicket(
  execution: Execution,
  { ticket: text, claimant }: ClaimRequest,
  context: { readonly attempt: number; readonly now: number },
): void {
  const right = timingSafeEqual(Buffer.from(hashTicket(text)), Buffer.from(execution.ticketSha256));
  const { id: executionId, attempt, status, claimedAt, ticketExpiresAt } = execution;
  if (right && status === "queued" && ticketExpiresAt > context.now) return;
  if (right && status === "running" && claimant !== undefined) {
    if (hashTicket(claimant) === execution.claimantSha256) return;
  }
  if (right && claimedAt !== null) {
    // RunJob may have started it twice, or somebody has read the ticket. The valid run goes on.
    logFailure("a ticket was used twice", "replayed ticket", { executionId, attempt, alarm: true });
  }
  throw new ApiError("LEASE_LOST", {
    cause: right ? status : `attempt ${context.attempt} is stale`,
  });
}
