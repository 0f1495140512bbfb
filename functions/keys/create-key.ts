import { keyCreated } from "#shared/answers/key-record";
import { boundsOf, KeyCreate, KeyCreated } from "#shared/contract/api-key";
import { created, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { keyRandomBytes } from "#shared/core/keys/api-key";
import { turnNodesOf } from "#shared/core/keys/turn-path";
import { ApiError } from "#shared/errors/api-error";
import { idempotencySpace } from "#shared/keys/environment-bounds";
import { issueKey, ownerOfKey, requireWithin } from "#shared/keys/issue-key";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { readForKey, withKey } from "./read-for-key.ts";

export const createKey = change({
  endpoint: "POST /v1/keys",
  summary: "Create a key that may do no more than its creator. The key is shown once.",
  authenticate: "api-key",
  scope: "keys:write",
  params: noParams,
  query: noQuery,
  body: KeyCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "admission",
  audit: "key.created",
  refusals: ["KEYS_FULL", "KEY_SHOWN_ALREADY"],
  reply: { 201: KeyCreated },
  read: async ({ caller: { owner }, body, ids, repeated, now, deps }) => {
    const requestId = ids.ofRequest("apiKey");
    return {
      random: deps.random(keyRandomBytes),
      ...(await readForKey(deps.store, owner, { requestId, repeated, now, ...body })),
    };
  },
  idempotency: {
    space: ({ caller: { owner } }) => idempotencySpace(owner),
    // Neither the first request nor its answer is stored, because the answer contains the key.
    earlier: ({ data: { earlierKeyId } }) =>
      earlierKeyId === null
        ? null
        : {
            isSame: true,
            answer: () => {
              throw new ApiError("KEY_SHOWN_ALREADY", { details: { id: earlierKeyId } });
            },
          },
  },
  decide({ caller, body, data, account, ids, now }) {
    const { key: maker } = caller;
    if (!account) {
      throw new ApiError("UNAUTHORIZED", { message: "The API key has been revoked." });
    }
    const bounds = boundsOf(body, maker, now);
    requireWithin(bounds, maker);
    const id = ids.next("apiKey");
    const { write, ...issued } = issueKey(ownerOfKey(maker), {
      id,
      name: body.name,
      description: body.description ?? null,
      bounds,
      metadataJson: toJsonText(body.metadata),
      createdBy: maker.id,
      turnNodes: turnNodesOf({ id, at: now }, maker),
      createdAt: now,
      random: data.random,
    });
    return {
      writes: [write, ...data.note(issued.key.id, now)],
      // Fails if the maker is closed or makes another key meanwhile.
      account: withKey(account, data, now),
      subject: issued.key.id,
      facts: { prefix: issued.key.prefix },
      reply: created(keyCreated(issued, now)),
    };
  },
});
