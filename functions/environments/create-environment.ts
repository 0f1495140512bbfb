import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import {
  EnvironmentBody,
  EnvironmentCreate,
  environmentWarnings,
} from "#shared/contract/environment";
import { warningsOf } from "#shared/contract/secret";
import { Warnings } from "#shared/contract/unsupported";
import { readDefaultMark, takeDefaultMark } from "#shared/environments/default-environment";
import { newEnvironment, sealSecretsOf } from "#shared/environments/new-environment";
import { setsWhatRuns } from "#shared/environments/sets-what-runs";
import { nothingAround, showEnvironment } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwned, requireRoomFor, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { unknownPublicKey } from "#shared/secrets/sealing";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { create } from "#shared/store/documents";
import { environments, sealedSecrets } from "#shared/store/environments";
import { dropPairOfRequest, pairOfRequest } from "./pair-of-request.ts";

export const createEnvironment = change({
  endpoint: "POST /v1/environments",
  summary: "Create an environment; its secrets are sealed before they reach the database.",
  authenticate: "api-key",
  scope: "environments:write",
  needsToo: { ...toStartLater, when: setsWhatRuns },
  params: noParams,
  query: noQuery,
  body: EnvironmentCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "environment.created",
  reply: { 201: z.object({ environment: EnvironmentBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, body, ids, deps, now }) => {
    requireAllEnvironments(owner);
    const id = ids.next("environment");
    requireEnvironmentRoom(newEnvironment(body, { id, publicKey: unknownPublicKey, now }));
    // Always counted, so that no key pair is made for an environment that has no room.
    const [counted, mark] = await allInOrder([
      countOwned(deps.store, owner, "environments"),
      body.isDefault ? readDefaultMark(deps.store, owner) : null,
    ]);
    return { id, counted, mark };
  },
  prepare: async (context) => {
    const { caller, body, data, now } = context;
    const { id, counted } = data;
    requireRoomFor("environments", counted, deploymentLimits().quotas);
    const identity = { id, publicKey: await pairOfRequest(context, id), now };
    return { ...data, identity, sealed: await sealSecretsOf(caller.owner, body, identity) };
  },
  undo: dropPairOfRequest,
  decide({ caller: { owner }, body, data, account, now }) {
    const environment = newEnvironment(body, data.identity);
    const { id } = environment;
    const writes = [
      create(environments.of(owner, id), environment),
      ...(data.sealed ? [create(sealedSecrets.of(owner, id), data.sealed)] : []),
      ...(data.mark ? takeDefaultMark(data.mark, { id, now }) : []),
    ];
    const facts = { network: environment.network, secrets: environment.secretKeys.length };
    const warnings = [
      ...environmentWarnings(body),
      ...warningsOf(body.environmentVariables, body.secrets),
    ];
    const reply = created({
      environment: showEnvironment(owner, environment, nothingAround),
      warnings,
    });
    const quota = { kind: "environments", counted: data.counted, ...deploymentLimits() } as const;
    return { writes, account: withOneMoreOwned(account, quota, now), subject: id, facts, reply };
  },
});
