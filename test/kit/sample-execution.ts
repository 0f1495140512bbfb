/** A queued execution with the profile `standard`; tests override what they need. */
import { executionLimits } from "#shared/core/executions/profiles";
import type { Execution } from "#shared/store/executions";
import { now } from "./sample-account.ts";

export function sampleExecution(fields: Partial<Execution> = {}): Execution {
  return {
    ...{ v: 1, id: "run_1", ownerId: `user_${"a".repeat(21)}`, mode: "development" },
    ...{ threadId: "thread_1", environmentId: "env_1", agentId: null, projectId: null },
    ...{ keyId: "key_a", messageId: "msg_1", status: "queued", requestSha256: "" },
    ...{ task: { model: "shell", instructions: null, content: "true" }, profile: "standard" },
    ...{ network: { mode: "none", allow: [], job: "none" } },
    limits: executionLimits("standard", 600_000),
    ...{ environmentVariables: [], secretKeys: [], sealedSecrets: [], setupScripts: [] },
    ...{
      baseManifestSha256: null,
      basePreviousManifestSha256: null,
      attempt: 1,
      ticketSha256: "",
      ticketExpiresAt: now,
    },
    ...{
      jobExecution: null,
      image: null,
      dispatchedAt: null,
      waitingSince: null,
      cancelRequestedAt: null,
    },
    ...{
      claimedAt: null,
      claimantSha256: null,
      hasStored: false,
      leaseExpiresAt: null,
      sweepAt: now,
    },
    ...{ readerUntil: now, holdMicrousd: 20_000, chargedMicrousd: null, reason: null },
    ...{ exitCode: null, output: null, outputTruncated: false, workspaceState: null },
    ...{ modelHoldMicrousd: 0, modelCostMicrousd: 0, inputTokens: 0, outputTokens: 0 },
    savedManifestSha256: null,
    ...{ conflicts: [], eventsLastSequence: 0, createdAt: now, endedAt: null },
    ...fields,
  } as Execution;
}
