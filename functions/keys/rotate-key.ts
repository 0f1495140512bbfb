import * as z from "zod";
import { keyCreated } from "#shared/answers/key-record";
import { expiryOf, KeyCreated, KeyRotate } from "#shared/contract/api-key";
import { created, iso, noQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { close, holdsKey } from "#shared/core/keys/admission";
import { keyRandomBytes } from "#shared/core/keys/api-key";
import { turnNodesAfter } from "#shared/core/keys/turn-path";
import type { Account } from "#shared/core/money/account";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { issueKey, ownerOfKey, requireWithin } from "#shared/keys/issue-key";
import { clearDue, closedFields, type FoundKey, finishClosing } from "#shared/keys/revoke-keys";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { lineageOf } from "#shared/store/api-keys";
import { patch } from "#shared/store/documents";
import { findKey } from "./find-key.ts";
import { readForKey, withKey } from "./read-for-key.ts";

const hourMs = 3_600_000;
/** When the old key ends, and its executions until then; a rotation closes it like a revocation. */
const KeyRotated = KeyCreated.extend({ oldKeyId: z.string(), oldKeyExpiresAt: z.string() });

export const rotateKey = change({
  endpoint: "POST /v1/keys/:keyId/rotate",
  summary:
    "Replace a key by a new one, which is shown once; the old key stays valid for a grace period.",
  authenticate: "api-key",
  scope: "keys:write",
  params: z.object({ keyId: idSchema("apiKey") }),
  query: noQuery,
  body: KeyRotate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "admission",
  audit: "key.rotated",
  refusals: ["CONFLICT", "KEYS_FULL"],
  reply: { 201: KeyRotated },
  read: async ({ caller: { owner }, params: { keyId }, repeated, now, deps }) => {
    const [old, read] = await allInOrder([
      findKey(deps.store, { ownerId: owner.id, keyId }),
      readForKey(deps.store, owner, { requestId: null, repeated, now }),
    ]);
    return { ...read, old, random: deps.random(keyRandomBytes) };
  },
  decide({ caller, body, data, account, request, ids, now }) {
    const { old, random } = data;
    if (!account) {
      throw new ApiError("UNAUTHORIZED", { message: "The API key has been revoked." });
    }
    requireLive(old, now);
    if (holdsKey(account, old.value)) {
      throw new ApiError("CONFLICT", { message: "The key is held in an incident." });
    }
    const { name, description, metadataJson } = old.value;
    const expiresAt = expiryOf(body.expiresIn, now);
    const bounds = expiresAt === undefined ? old.value : { ...old.value, expiresAt };
    requireWithin(bounds, caller.key);
    const id = ids.next("apiKey");
    const { write, ...issued } = issueKey(ownerOfKey(caller.key), {
      id,
      ...{ name, description, metadataJson, bounds, random, lineageId: lineageOf(old.value) },
      createdBy: caller.id,
      turnNodes: turnNodesAfter(old.value, { id, at: now }, caller.key),
      ...(caller.id === old.value.id
        ? { usedFrom: { address: request.address, before: old.value.networks } }
        : {}),
      createdAt: now,
    });
    const counted = withKey(account, data, now);
    const ending = endOld(counted, old, { replacedBy: issued.key.id, now, ...body });
    const { expiresAt: oldExpiresAt } = ending;
    return {
      writes: [write, ...ending.writes],
      account: ending.account,
      subject: old.value.id,
      facts: { replacedBy: issued.key.id, prefix: issued.key.prefix, oldExpiresAt },
      reply: created({
        ...keyCreated(issued, now),
        oldKeyId: old.value.id,
        oldKeyExpiresAt: iso(oldExpiresAt),
      }),
    };
  },
  after: async ({ caller, body, data: { old }, request, deps }) => {
    if (body.gracePeriodHours > 0) return;
    const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const which = { owner: caller.owner, keyId: old.value.id, stop: true, by, goesOn: true };
    await finishClosing(deps, { ...which, done: clearDue(deps, old) });
  },
});

function requireLive({ value }: FoundKey, now: number): void {
  const { revokedAt, expiresAt, replacedBy } = value;
  const isOver = revokedAt !== null || (expiresAt !== null && expiresAt <= now);
  if (!isOver && replacedBy === null) return;
  const message =
    replacedBy === null ? "A key that has ended can't be rotated." : "The key was rotated before.";
  throw new ApiError("CONFLICT", { message, details: { replacedBy } });
}

/** The old key never lives longer than it would have. */
function endOld(
  account: Account,
  old: FoundKey,
  how: { readonly replacedBy: string; readonly gracePeriodHours: number; readonly now: number },
) {
  const { replacedBy, gracePeriodHours, now } = how;
  const graceEnd = now + Math.round(gracePeriodHours * hourMs);
  const expiresAt = Math.min(graceEnd, old.value.expiresAt ?? graceEnd);
  const fields = { replacedBy, expiresAt };
  const { ref, value, version } = old;
  if (gracePeriodHours > 0) {
    return {
      writes: [patch(ref, { ...fields, dueAt: expiresAt }, { version })],
      account,
      expiresAt,
    };
  }
  return {
    writes: [patch(ref, closedFields(value, { stop: true, now, fields }), { version })],
    account: { ...account, admission: close(account.admission, value.id, now) },
    expiresAt,
  };
}
