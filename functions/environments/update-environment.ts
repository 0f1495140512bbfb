import * as z from "zod";
import { noQuery, ok, toJsonText } from "#shared/contract/common";
import {
  askedProfile,
  EnvironmentBody,
  EnvironmentUpdate,
  environmentWarnings,
} from "#shared/contract/environment";
import { requestedNetwork } from "#shared/contract/network";
import { warningsOf } from "#shared/contract/secret";
import { Warnings } from "#shared/contract/unsupported";
import { executionLimits } from "#shared/core/executions/profiles";
import { idSchema } from "#shared/core/ids";
import type { Scope } from "#shared/core/keys/scopes";
import type { Reach } from "#shared/core/network/network-policy";
import { isWithinNetwork } from "#shared/core/network/network-policy";
import { pageBytes } from "#shared/core/workspace/footprint";
import { readBuilds, showEnvironment } from "#shared/environments/shown-environments";
import { ApiError } from "#shared/errors/api-error";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { environmentReach } from "#shared/executions/resolve-network-policy";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import type { Profile } from "#shared/protocol/job";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { patch } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";

export const updateEnvironment = change({
  endpoint: "PATCH /v1/environments/:environmentId",
  summary: "Change the given fields; executions that have started keep the earlier values.",
  authenticate: "api-key",
  scope: "environments:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: EnvironmentUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "environment.updated",
  refusals: ["WORKSPACE_TOO_LARGE"],
  reply: { 200: z.object({ environment: EnvironmentBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, params: { environmentId }, deps }) => {
    const [found, busy] = await Promise.all([
      deps.store.require(environments.of(owner, environmentId)),
      busyEnvironments(deps.store, owner, environmentId),
    ]);
    const builds = await readBuilds(deps.store, owner, [found.value]);
    return { ...found, around: { busy, builds } };
  },
  decide({ caller: { owner, key }, body, data: { ref, value, version, around }, now }) {
    const reach = requestedNetwork(body, environmentReach(value)) ?? environmentReach(value);
    requireMayReach(key.scopes, value, reach);
    const fields = { ...changes(body, value), ...stored(reach), updatedAt: now };
    requireFitting(value, fields.profile);
    requireEnvironmentRoom({ ...value, ...fields });
    return {
      writes: [patch(ref, fields, { version })],
      subject: value.id,
      facts: { network: reach.mode, allowed: reach.allow.length },
      reply: ok({
        environment: showEnvironment(owner, { ...value, ...fields }, around),
        warnings: [
          ...environmentWarnings(body),
          ...warningsOf(body.environmentVariables ?? [], []),
        ],
      }),
    };
  },
});

function stored({ mode, allow }: Reach) {
  return { network: mode, networkAllow: [...allow] };
}

/** The fields that the body names; `metadata` is replaced as a whole. */
function changes(body: EnvironmentUpdate, value: Environment) {
  const { metadata, description, dockerfileExtensions } = body;
  return {
    name: body.name ?? value.name,
    description: description === undefined ? value.description : description,
    profile: askedProfile(body, value.profile) ?? value.profile,
    runtimes: body.runtimes ?? value.runtimes,
    packages: body.packages ?? value.packages,
    dockerfileExtensions:
      dockerfileExtensions === undefined ? value.dockerfileExtensions : dockerfileExtensions,
    environmentVariables: body.environmentVariables ?? value.environmentVariables,
    setupScripts: body.setupScripts ?? value.setupScripts,
    documentation: body.documentation ?? value.documentation,
    metadataJson: metadata === undefined ? value.metadataJson : toJsonText(metadata ?? {}),
  };
}

/**
 * A wider network is a new way out for secrets that others have stored. So it needs the scope for
 * writing secrets itself; a scope that merely implies it isn't enough here.
 */
function requireMayReach(scopes: readonly Scope[], value: Environment, reach: Reach): void {
  if (value.secretKeys.length === 0 || isWithinNetwork(reach, environmentReach(value))) return;
  if (scopes.includes("*") || scopes.includes("secrets:write")) return;
  const message = "Widening the network of an environment with secrets needs secrets:write.";
  throw new ApiError("FORBIDDEN", { message, details: { requiredScope: "secrets:write" } });
}

/**
 * Checks that a smaller profile can hold the environment's files, so that this request is refused
 * and not the next execution.
 * @throws {ApiError} `WORKSPACE_TOO_LARGE` with both sizes.
 */
function requireFitting({ workspace, profile }: Environment, next: Profile): void {
  const roomBytes = executionLimits(next, 1).workspaceBytes;
  const isSmaller = roomBytes < executionLimits(profile, 1).workspaceBytes;
  // Older workspaces weren't measured, so the most that they could need is assumed.
  const needsBytes = workspace?.restoreBytes ?? mostBytesOf(workspace);
  if (!isSmaller || needsBytes <= roomBytes) return;
  const message =
    `The workspace needs ${needsBytes} bytes, and with the profile ${next} it has ${roomBytes}: ` +
    "delete files first.";
  const details = { workspaceBytes: needsBytes, profileBytes: roomBytes };
  throw new ApiError("WORKSPACE_TOO_LARGE", { message, details });
}

function mostBytesOf(workspace: Environment["workspace"]): number {
  return workspace === null ? 0 : workspace.totalBytes + workspace.fileCount * pageBytes;
}
