import { issueKey, keyRandomBytes, ownerOfKey, requireWithin } from "#shared/auth/issue-key";
import { boundsOf, KeyCreate, KeyCreated, keyRecord, keyWarning } from "#shared/contract/api-key";
import { created, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { admits } from "#shared/core/admission";
import { derivedId } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { readForKey } from "./read-for-key.ts";

export const createKey = route({
  answers: "POST /v1/keys",
  summary: "Make a key that may do no more than the key that makes it; shown once.",
  authenticate: "api-key",
  scope: "keys:write",
  params: noParams,
  query: noQuery,
  body: KeyCreate,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "admission",
  audit: "key.created",
  idempotency: "honoured",
  reply: { 201: KeyCreated },
  read: async ({ caller: { owner }, body, request, deps }) => {
    const { idempotencyKey } = request;
    const requestId =
      idempotencyKey === null ? null : derivedId("apiKey", owner.id, idempotencyKey);
    return {
      random: deps.random(keyRandomBytes),
      ...(await readForKey(deps.store, owner, { requestId, ...body })),
    };
  },
  decide({ caller, body, data, account, ids, now }) {
    const { key: maker } = caller;
    if (!account || !admits(account.admission, maker.id)) {
      throw new ApiError("UNAUTHORIZED", { message: "The API key has been revoked." });
    }
    const bounds = boundsOf(body, maker, now);
    requireWithin(bounds, maker);
    const { text, key, write } = issueKey(ownerOfKey(maker), {
      id: ids.next("apiKey"),
      name: body.name,
      description: body.description ?? null,
      bounds,
      metadataJson: toJsonText(body.metadata),
      createdBy: maker.id,
      createdAt: now,
      random: data.random,
    });
    return {
      writes: [write, ...data.note(key.id, now)],
      // Changed for its version alone: whoever closes the maker meanwhile makes this fail.
      account: { ...account, updatedAt: now },
      subject: key.id,
      facts: { prefix: key.prefix },
      reply: created({ ...keyRecord(key, now), key: text, warning: keyWarning }),
    };
  },
});
