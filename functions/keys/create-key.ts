import { issueKey, keyRandomBytes } from "#shared/auth/issue-key";
import { KeyCreate, KeyCreated, keyRecord, keyWarning } from "#shared/contract/api-key";
import { created, noParams, noQuery, toJsonText } from "#shared/contract/common";
import { isWithin } from "#shared/core/scopes";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";

const dayMs = 86_400_000;

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
  budget: "free",
  audit: "key.created",
  reply: { 201: KeyCreated },
  read: async ({ deps }) => ({ random: deps.random(keyRandomBytes) }),
  decide({ caller, body, data, ids, now }) {
    const maker = caller.key;
    const scopes = body.scopes ?? maker.scopes;
    if (!isWithin(scopes, maker.scopes)) {
      const message = "A key can't make one that may do more than itself.";
      throw new ApiError("FORBIDDEN", { message, details: { scopes: maker.scopes } });
    }
    const expiresAt = body.expiresIn == null ? null : now + Math.round(body.expiresIn * dayMs);
    if (maker.expiresAt !== null && (expiresAt === null || expiresAt > maker.expiresAt)) {
      const message = "A key can't make one that lives longer than itself.";
      throw new ApiError("FORBIDDEN", { message, details: { expiresAt: maker.expiresAt } });
    }
    const owner = { ...maker, id: maker.ownerId, state: maker.ownerState };
    const { text, key, write } = issueKey(owner, {
      id: ids.next("apiKey"),
      name: body.name,
      description: body.description ?? null,
      scopes,
      expiresAt,
      metadataJson: toJsonText(body.metadata),
      createdBy: maker.id,
      createdAt: now,
      random: data.random,
    });
    const reply = { ...keyRecord(key, now), key: text, warning: keyWarning };
    return {
      writes: [write],
      subject: key.id,
      facts: { prefix: key.prefix },
      reply: created(reply),
    };
  },
});
