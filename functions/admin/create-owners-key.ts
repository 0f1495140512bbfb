import * as z from "zod";
import { keyCreated } from "#shared/answers/key-record";
import { KeyCreated } from "#shared/contract/api-key";
import { created, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { idSchema } from "#shared/core/ids";
import { keyRandomBytes } from "#shared/core/keys/api-key";
import { withOperatorsKey } from "#shared/core/keys/key-count";
import { inPeriod } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import { existingOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { issueUnboundedKey } from "./issue-unbounded-key.ts";
import { Reason } from "./owner-body.ts";

export const createOwnersKey = change({
  endpoint: "POST /v1/admin/users/:userId/keys",
  summary: "Give an account whose keys are lost a key without bounds, shown once (KEY-9).",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: exactObject({ name: z.string().trim().min(1).max(200).default("new key"), reason: Reason }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "admission",
  audit: "key.created",
  auditDetails: ({ body: { reason } }) => ({ reason }),
  refusals: ["KEYS_FULL"],
  reply: { 201: KeyCreated },
  read: async ({ params, deps }) => ({
    ...(await existingOwner(deps.store, params.userId)),
    random: deps.random(keyRandomBytes),
  }),
  actsOn: ({ owner }) => owner,
  sealedTo: ({ profile }) => profile.auditPublicKey,
  decide({ caller, body, data: { profile, random }, account, ids, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { write, ...issued } = issueUnboundedKey(profile, {
      id: ids.next("apiKey"),
      name: body.name,
      createdBy: caller.id,
      createdAt: now,
      random,
      ownerState: account.admission.suspendedAt === null ? "active" : "suspended",
    });
    const keyCount = withOperatorsKey(account.keyCount);
    return {
      writes: [write],
      account: { ...inPeriod(account, now), keyCount, updatedAt: now },
      subject: issued.key.id,
      facts: { prefix: issued.key.prefix },
      reply: created(keyCreated(issued, now)),
    };
  },
});
