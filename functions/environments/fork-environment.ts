import type * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { created, noQuery } from "#shared/contract/common";
import { ChangeParams, SnapshotFork, SnapshotForked } from "#shared/contract/snapshot";
import { holds } from "#shared/core/keys/admission";
import type { Account } from "#shared/core/money/account";
import { haveSecrets, withoutServerSecrets } from "#shared/environments/mcp-servers";
import { nothingAround, showEnvironment } from "#shared/environments/shown-environments";
import { snapshotParams } from "#shared/environments/snapshot-params";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { type ChangeRoute, change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwned, requireRoomFor, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { unknownPublicKey } from "#shared/secrets/sealing";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { create } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import type { WorkspaceSnapshot } from "#shared/store/snapshots";
import { requireSnapshot } from "#shared/workspace/require-snapshot";
import { dropPairOfRequest, pairOfRequest } from "./pair-of-request.ts";

type Params = z.ZodType<{ readonly environmentId: string; readonly snapshotId: string }>;

function forkRoute(
  endpoint: `POST /v1/environments/:environmentId/${string}`,
  params: Params,
): ChangeRoute {
  return change({
    endpoint,
    summary:
      "Make an environment with these files and the settings of theirs; no secret is copied.",
    authenticate: "api-key",
    scope: "environments:write",
    params,
    query: noQuery,
    body: SnapshotFork,
    bodyBytesMax: jsonBytesMax,
    requestClass: "writes",
    beforeConfirmed: "reads",
    account: "quota",
    audit: "environment.forked",
    refusals: ["FORBIDDEN"],
    reply: { 201: SnapshotForked },
    read: async ({ caller: { owner }, params: which, body, ids, deps: { store }, now }) => {
      requireAllEnvironments(owner);
      const id = ids.next("environment");
      const [environment, snapshot, counted] = await allInOrder([
        store.require(environments.of(owner, which.environmentId)),
        requireSnapshot(store, owner, which),
        countOwned(store, owner, "environments"),
      ]);
      const found = { source: environment.value, snapshot: snapshot.value };
      // Before a key pair is made for it, which nothing would remove.
      const identity = { id, publicKey: unknownPublicKey, now };
      requireEnvironmentRoom(forkOf(found.source, { body, ...found, ...identity }));
      return { id, ...found, counted };
    },
    prepare: async ({ data, ...context }) => {
      requireRoomFor("environments", data.counted, deploymentLimits().quotas);
      return { ...data, publicKey: await pairOfRequest(context, data.id) };
    },
    undo: dropPairOfRequest,
    decide({ caller: { owner }, body, data, account, now }) {
      const { id, source, snapshot, counted, publicKey } = data;
      requireFree(account, source.id);
      const environment = forkOf(source, { body, snapshot, id, publicKey, now });
      const counting = { kind: "environments", counted, ...deploymentLimits() } as const;
      return {
        writes: [create(environments.of(owner, id), environment)],
        account: withOneMoreOwned(account, counting, now),
        subject: id,
        facts: { from: source.id, snapshotId: snapshot.id, network: environment.network },
        reply: created({
          environment: showEnvironment(owner, environment, nothingAround),
          snapshot: null,
          sourceSnapshotId: snapshot.id,
          warnings: missingIn(source),
        }),
      };
    },
  });
}

/** What its users will miss in a fork. */
function missingIn({ secretKeys, mcpServersJson }: Environment): readonly string[] {
  const ofServers =
    "Tokens and variables of MCP servers aren't copied: they are set with a new environment.";
  return [
    ...(secretKeys.length > 0 ? ["Secrets aren't copied: set them in the fork."] : []),
    ...(haveSecrets(mcpServersJson) ? [ofServers] : []),
  ];
}

interface Forking {
  readonly body: z.output<typeof SnapshotFork>;
  readonly snapshot: WorkspaceSnapshot;
  readonly id: string;
  readonly publicKey: string;
  readonly now: number;
}

function forkOf(source: Environment, { body, snapshot, id, publicKey, now }: Forking): Environment {
  return {
    ...source,
    id,
    name: body.name ?? `${source.name} (fork)`.slice(0, 200),
    description: body.description === undefined ? source.description : body.description,
    secretKeys: [],
    mcpServersJson: withoutServerSecrets(source.mcpServersJson),
    sealingPublicKey: publicKey,
    isDefault: false,
    gitThreadId: null,
    // Its layers are the owner's, and named by content like its files.
    build: null,
    workspace: snapshot.head && { ...snapshot.head, previousManifestSha256: null },
    snapshotIds: [],
    createdAt: now,
    updatedAt: now,
  };
}

/** What an incident holds mustn't go on under another id. @throws {ApiError} `FORBIDDEN`. */
function requireFree(account: Account | null, environmentId: string): void {
  if (account === null || !holds(account, environmentId)) return;
  const message = "The environment is held in an incident; it can't be forked.";
  throw new ApiError("FORBIDDEN", { message });
}

export const forkFromSnapshot = forkRoute(
  "POST /v1/environments/:environmentId/snapshots/:snapshotId/fork",
  snapshotParams,
);
export const forkFromChange = forkRoute(
  "POST /v1/environments/:environmentId/changes/:changeId/fork",
  ChangeParams,
);
