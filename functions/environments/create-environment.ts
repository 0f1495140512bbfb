import * as z from "zod";
import { environmentBody } from "#shared/answers/environment-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import {
  EnvironmentBody,
  EnvironmentCreate,
  environmentWarnings,
} from "#shared/contract/environment";
import { Warnings, warningsOf } from "#shared/contract/secret";
import { currentDefaults } from "#shared/environments/default-environment";
import { newEnvironment, sealSecretsOf } from "#shared/environments/new-environment";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwned, requireRoomFor, withOwned } from "#shared/quotas/owned-things";
import { ensureSealingPair } from "#shared/secrets/sealing-keys";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { create, patch } from "#shared/store/documents";
import { environments, sealedSecrets } from "#shared/store/environments";

export const createEnvironment = change({
  endpoint: "POST /v1/environments",
  summary: "Make an environment; its secrets are sealed before they reach the database.",
  authenticate: "api-key",
  scope: "environments:write",
  params: noParams,
  query: noQuery,
  body: EnvironmentCreate,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  beforeConfirmed: "reads",
  budget: "quota",
  audit: "environment.created",
  reply: { 201: z.object({ environment: EnvironmentBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, body, deps }) => {
    requireAllEnvironments(owner);
    const { quotas } = deploymentLimits();
    // Always counted, so that no key pair is made for an environment that has no room.
    const which = { kind: "environments", repeated: true } as const;
    const [counted, defaults] = await Promise.all([
      countOwned(deps.store, owner, which),
      body.isDefault ? currentDefaults(deps.store, owner) : [],
    ]);
    requireRoomFor("environments", counted, quotas);
    return { counted, defaults };
  },
  prepare: async ({ caller: { owner }, body, data, ids, deps, now }) => {
    const id = ids.next("environment");
    const pair = { purpose: "environment-secrets", id, createdAt: now } as const;
    const publicKey = await ensureSealingPair(deps.keyStore, owner, pair);
    const identity = { id, publicKey, now };
    return { ...data, identity, sealed: await sealSecretsOf(owner, body, identity) };
  },
  decide({ caller: { owner }, body, data, account, now }) {
    const environment = newEnvironment(body, data.identity);
    requireEnvironmentRoom(environment);
    const { id } = environment;
    const unset = { isDefault: false, updatedAt: now };
    const writes = [
      create(environments.of(owner, id), environment),
      ...(data.sealed ? [create(sealedSecrets.of(owner, id), data.sealed)] : []),
      ...data.defaults.map(({ ref, version }) => patch(ref, unset, { version })),
    ];
    const facts = { network: environment.network, secrets: environment.secretKeys.length };
    const warnings = [
      ...environmentWarnings(body),
      ...warningsOf(body.environmentVariables, body.secrets),
    ];
    const reply = created({
      environment: environmentBody(environment, { ownerId: owner.id, isBusy: false }),
      warnings,
    });
    const quota = { kind: "environments", counted: data.counted, ...deploymentLimits() } as const;
    return { writes, account: withOwned(account, quota, now), subject: id, facts, reply };
  },
});
