import * as z from "zod";
import { keyCreated } from "#shared/answers/key-record";
import { KeyCreated } from "#shared/contract/api-key";
import { created, noParams, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { keyRandomBytes } from "#shared/core/keys/api-key";
import { firstKeyCount } from "#shared/core/keys/key-count";
import { newAccount } from "#shared/core/money/account";
import { newOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { auditPairName, ensureSealingPair } from "#shared/secrets/sealing-keys";
import { create } from "#shared/store/documents";
import { accountId, accounts, owners } from "#shared/store/owners";
import { issueUnboundedKey } from "./issue-unbounded-key.ts";
import { OwnerBody, ownerBody } from "./owner-body.ts";

const OwnerCreate = exactObject({
  name: z.string().trim().min(1).max(200),
  /** Fixed once the owner exists, because its keys' prefix says it. */
  mode: z.enum(["production", "development"]).default("production"),
  keyName: z.string().trim().min(1).max(200).default("first key"),
});

export const createOwner = change({
  endpoint: "POST /v1/admin/users",
  summary: "Make an owner with an empty account and a first key, shown once (KEY-9).",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OwnerCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "owner.created",
  reply: { 201: z.object({ user: OwnerBody, key: KeyCreated }) },
  read: "nothing",
  prepare: async ({ body, ids, deps, now }) => {
    const owner = newOwner(ids.next("owner"), body.mode);
    const pair = { ...auditPairName, createdAt: now };
    const auditPublicKey = await ensureSealingPair(deps.keyStore, owner, pair);
    return { owner, auditPublicKey, random: deps.random(keyRandomBytes) };
  },
  actsOn: ({ owner }) => owner,
  decide({ caller, body, data, ids, now }) {
    const { owner, auditPublicKey } = data;
    const profile = {
      v: 1 as const,
      id: owner.id,
      name: body.name,
      mode: body.mode,
      state: "active" as const,
      auditPublicKey,
      createdBy: caller.id,
      createdAt: now,
    };
    const { write, ...issued } = issueUnboundedKey(profile, {
      id: ids.next("apiKey"),
      name: body.keyName,
      createdBy: caller.id,
      createdAt: now,
      random: data.random,
    });
    const account = create(accounts.of(owner, accountId), {
      ...newAccount(now),
      keyCount: firstKeyCount,
    });
    return {
      writes: [create(owners.doc(owner.id), profile), account, write],
      subject: owner.id,
      facts: { mode: body.mode, firstKey: issued.key.id },
      reply: created({ user: ownerBody(profile), key: keyCreated(issued, now) }),
    };
  },
});
