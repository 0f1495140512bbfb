import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { idSchema } from "#shared/core/ids";
import { close } from "#shared/core/keys/admission";
import { ApiError } from "#shared/errors/api-error";
import { revocationBarrierMs } from "#shared/keys/api-key-cache";
import { closedFields } from "#shared/keys/revoke-keys";
import { wholeOwner } from "#shared/owners/suspend-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { apiKeys } from "#shared/store/api-keys";
import { StaleRead } from "#shared/store/change";
import { patch } from "#shared/store/documents";
import { Reason } from "./owner-body.ts";

/** A commit has room for 400 writes. */
const keysPerRequestMax = 300;

/**
 * Only while the account is suspended. Otherwise somebody with a stolen key could make keys as fast
 * as they are ended, one of which would be left.
 */
export const revokeOwnersKeys = change({
  endpoint: "POST /v1/admin/users/:userId/keys/revoke",
  summary: "End all keys of a suspended account; repeat it while `remaining` is true.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: exactObject({ reason: Reason }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "admission",
  audit: "keys.revoked",
  auditDetails: ({ body: { reason } }) => ({ reason }),
  refusals: ["CONFLICT"],
  reply: { 200: z.object({ revoked: z.array(z.string()), remaining: z.boolean() }) },
  read: async ({ params, deps }) => {
    const whole = await wholeOwner(deps.store, params.userId);
    // Read after the account: if that was suspended, no key has been made since.
    const where = [
      ["ownerId", whole.owner.id],
      ["revokedAt", null],
    ] as const;
    const limit = keysPerRequestMax;
    const keys = await deps.store.findAll(apiKeys.all(), {
      where,
      orderBy: [],
      limit,
      outOfTurn: true,
    });
    return { ...whole, keys };
  },
  actsOn: ({ owner }) => owner,
  sealedTo: ({ profile }) => profile.auditPublicKey,
  decide({ data, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { suspendedAt } = account.admission;
    if (suspendedAt === null) {
      throw new ApiError("CONFLICT", { message: "Suspend the account before you end all keys." });
    }
    if (suspendedAt !== data.account.admission.suspendedAt) throw new StaleRead();
    const { keys, owner } = data;
    const reply = ok({
      revoked: keys.map(({ value }) => value.id),
      remaining: keys.length === keysPerRequestMax,
    });
    if (keys.length === 0) return { writes: [], reply };
    const admission = keys.reduce(
      (before, { value }) => close(before, value.id, now),
      account.admission,
    );
    return {
      writes: keys.map(({ ref, value }) =>
        patch(ref, closedFields(value, { stop: true, now }), { mustExist: true }),
      ),
      account: { ...account, admission, updatedAt: now },
      subject: owner.id,
      facts: { keys: keys.length },
      reply,
    };
  },
  // An instance may use what it began to read a second ago, even of a suspended account.
  promisesAfter: true,
  after: async () => await wait(revocationBarrierMs),
});
