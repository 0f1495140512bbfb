import * as z from "zod";
import { noQuery, ok, toJsonText } from "#shared/contract/common";
import {
  askedProfile,
  EnvironmentBody,
  EnvironmentReplace,
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
import { haveSecrets } from "#shared/environments/mcp-servers";
import { setsWhatRuns } from "#shared/environments/sets-what-runs";
import {
  type AroundEnvironments,
  readBuilds,
  showEnvironment,
} from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { busyEnvironments } from "#shared/executions/busy-environments";
import { environmentReach } from "#shared/executions/resolve-network-policy";
import { toStartLater } from "#shared/keys/further-scopes";
import { lacksScope } from "#shared/keys/require-key-scope";
import { type Callers, change, jsonBytesMax, type ReadDeps } from "#shared/pipeline/route";
import type { Profile } from "#shared/protocol/job";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { patch } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import type { FoundDocument } from "#shared/store/read-document";

interface Reading {
  readonly caller: Callers["api-key"];
  readonly params: { readonly environmentId: string };
  readonly deps: ReadDeps;
}

/** What both routes declare; executions that have started keep the earlier values. */
const changing = {
  authenticate: "api-key",
  scope: "environments:write",
  needsToo: { ...toStartLater, when: setsWhatRuns },
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "environment.updated",
  refusals: ["WORKSPACE_TOO_LARGE"],
  reply: { 200: z.object({ environment: EnvironmentBody, warnings: Warnings }) },
} as const;

type Found = FoundDocument<typeof environments.schema> & { readonly around: AroundEnvironments };

async function readFound({ caller: { owner }, params, deps }: Reading): Promise<Found> {
  const { environmentId } = params;
  const [found, busy] = await allInOrder([
    deps.store.require(environments.of(owner, environmentId)),
    busyEnvironments(deps.store, owner, environmentId),
  ]);
  const builds = await readBuilds(deps.store, owner, [found.value]);
  return { ...found, around: { busy, builds } };
}

export const updateEnvironment = change({
  ...changing,
  endpoint: "PATCH /v1/environments/:environmentId",
  summary: "Change the given fields; executions that have started keep the earlier values.",
  body: EnvironmentUpdate,
  read: readFound,
  decide({ caller, body, data, now }) {
    const reach = requestedNetwork(body, environmentReach(data.value));
    return decideUpdate(caller, data, { body, reach: reach ?? environmentReach(data.value), now });
  },
});

const closed: Reach = { mode: "none", allow: [] };

export const replaceEnvironment = change({
  ...changing,
  endpoint: "PUT /v1/environments/:environmentId",
  summary: "Change all fields: those that are left out get the values of a new environment.",
  body: EnvironmentReplace,
  read: readFound,
  decide({ caller, body, data, now }) {
    const reach = requestedNetwork(body, closed) ?? closed;
    const whole = { ...body, computeProfile: askedProfile(body, null) ?? "standard" };
    return decideUpdate(caller, data, { body: whole, reach, now });
  },
});

interface Asked {
  readonly body: EnvironmentUpdate;
  readonly reach: Reach;
  readonly now: number;
}

function decideUpdate(
  { owner, key }: Callers["api-key"],
  { ref, value, version, around }: Found,
  { body, reach, now }: Asked,
) {
  requireMayReach(key.scopes, value, reach);
  const fields = { ...changes(body, value), ...stored(reach), updatedAt: now };
  requireFitting(value, fields.profile);
  requireEnvironmentRoom({ ...value, ...fields }, value);
  return {
    writes: [patch(ref, fields, { version })],
    subject: value.id,
    facts: { network: reach.mode, allowed: reach.allow.length },
    reply: ok({
      environment: showEnvironment(owner, { ...value, ...fields }, around),
      warnings: [...environmentWarnings(body), ...warningsOf(body.environmentVariables ?? [], [])],
    }),
  };
}

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
 * A wider network is a new way out for secrets that others have stored, be they variables or those
 * of MCP servers. So it needs the scope for writing secrets itself; a scope that merely implies it
 * isn't enough here.
 */
function requireMayReach(scopes: readonly Scope[], value: Environment, reach: Reach): void {
  const hasSecrets = value.secretKeys.length > 0 || haveSecrets(value.mcpServersJson);
  if (!hasSecrets || isWithinNetwork(reach, environmentReach(value))) return;
  if (scopes.includes("*") || scopes.includes("secrets:write")) return;
  throw lacksScope("secrets:write", "which a wider network needs where there are secrets");
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
