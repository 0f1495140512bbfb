import type * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { created, noQuery } from "#shared/contract/common";
import {
  ChangeParams,
  SnapshotFork,
  SnapshotForked,
  SnapshotParams,
} from "#shared/contract/snapshot";
import { nothingAround, showEnvironment } from "#shared/environments/shown-environments";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { type ChangeRoute, change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwned, requireRoomFor, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { ensureSealingPair } from "#shared/secrets/sealing-keys";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { create } from "#shared/store/documents";
import { type Environment, environments } from "#shared/store/environments";
import { requireSnapshot } from "#shared/workspace/require-snapshot";
import { dropUnusedPair } from "./drop-unused-pair.ts";

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
    reply: { 201: SnapshotForked },
    read: async ({ caller: { owner }, params: which, ids, deps: { store } }) => {
      requireAllEnvironments(owner);
      const id = ids.next("environment");
      const [environment, snapshot, counted] = await Promise.all([
        store.require(environments.of(owner, which.environmentId)),
        requireSnapshot(store, owner, which),
        countOwned(store, owner, "environments"),
      ]);
      return { id, source: environment.value, snapshot: snapshot.value, counted };
    },
    prepare: async ({ caller: { owner }, data, repeated, deps, now }) => {
      const { id, counted } = data;
      try {
        requireRoomFor("environments", counted, deploymentLimits().quotas);
      } catch (error) {
        if (repeated) await dropUnusedPair(deps, owner, id);
        throw error;
      }
      const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
      return { ...data, publicKey: await ensureSealingPair(deps.keyStore, owner, pair) };
    },
    decide({ caller: { owner }, body, data, account, now }) {
      const { id, source, snapshot, counted, publicKey } = data;
      const environment: Environment = {
        ...source,
        id,
        name: body.name ?? `${source.name} (fork)`.slice(0, 200),
        description: body.description === undefined ? source.description : body.description,
        secretKeys: [],
        sealingPublicKey: publicKey,
        isDefault: false,
        // Its layers are the owner's, and named by content like its files.
        build: null,
        workspace: snapshot.head && { ...snapshot.head, previousManifestSha256: null },
        snapshotIds: [],
        createdAt: now,
        updatedAt: now,
      };
      requireEnvironmentRoom(environment);
      const missing = source.secretKeys.length > 0 || source.mcpServersJson !== "[]";
      const warning = "Secrets and the tokens of MCP servers aren't copied: set them in the fork.";
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
          warnings: missing ? [warning] : [],
        }),
      };
    },
  });
}

export const forkFromSnapshot = forkRoute(
  "POST /v1/environments/:environmentId/snapshots/:snapshotId/fork",
  SnapshotParams,
);
export const forkFromChange = forkRoute(
  "POST /v1/environments/:environmentId/changes/:changeId/fork",
  ChangeParams,
);
