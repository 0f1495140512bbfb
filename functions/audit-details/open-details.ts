import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { mayReadThreadText } from "#shared/contract/thread-text";
import { AuditRow, leafHash } from "#shared/core/audit/audit-row";
import { Fault } from "#shared/core/fault";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { saltedDigest } from "#shared/executions/request-digest";
import type { Owner } from "#shared/identity/owner";
import { recordedRead } from "#shared/pipeline/recorded-read";
import { openAuditDetails } from "#shared/secrets/audit-details";
import { auditPairName, openSealingPair, unlessPairGone } from "#shared/secrets/sealing-keys";
import type { ApiKey } from "#shared/store/api-keys";
import { auditRows } from "#shared/store/audit-rows";
import { type SealingKey, sealingKeys } from "#shared/store/environments";

export const openDetails = recordedRead({
  name: "details",
  endpoint: "GET /v1/audit/:auditId/details",
  summary: "Open what an audit row keeps sealed: address, user agent, and an execution's task.",
  params: z.object({ auditId: idSchema("auditRow") }),
  query: noQuery,
  refusals: ["DETAILS_DESTROYED"],
  reply: { 200: z.object({ id: z.string(), details: z.record(z.string(), z.string()) }) },
  read: async ({ caller: { owner }, params: { auditId }, deps }) => {
    const [{ value: row }, { value: pair }] = await allInOrder([
      deps.store.require(auditRows.of(owner, auditId)),
      deps.keyStore.get(sealingKeys.of(owner, auditPairName.id)),
    ]);
    if (row.sealedDetails === null) {
      throw new ApiError("NOT_FOUND", { message: "The row has no sealed details." });
    }
    if (leafHash(AuditRow.parse(row)) !== row.leafHash) {
      throw new Fault("an audit row isn't the one that was hashed");
    }
    if (pair === null) throw new ApiError("DETAILS_DESTROYED");
    return { row, pair, sealed: row.sealedDetails };
  },
  answer: async ({ caller: { owner, key }, data: { row, pair, sealed } }) => {
    const privateKey = await openPair(owner, pair);
    try {
      const place = { ownerId: owner.id, rowId: row.id, privateKey };
      const details = await openAuditDetails(place, sealed).catch((cause: unknown) => {
        throw new ApiError("DETAILS_DESTROYED", { cause });
      });
      requireCommitted(details, row.facts);
      return ok({ id: row.id, details: shownTo(key, details) });
    } finally {
      privateKey.fill(0);
    }
  },
});

/** @throws {ApiError} `DETAILS_DESTROYED`, `UNAVAILABLE`. */
async function openPair(owner: Owner, pair: SealingKey): Promise<Buffer> {
  const gone = (cause: unknown) => new ApiError("DETAILS_DESTROYED", { cause });
  return await openSealingPair(owner, auditPairName, pair).catch(unlessPairGone(gone));
}

/** The task is what a message says, so it is for keys that may read messages. */
function shownTo({ scopes }: Pick<ApiKey, "scopes">, details: Readonly<Record<string, string>>) {
  if (mayReadThreadText(scopes)) return details;
  // With the salt, guesses could be held against the digest in clear.
  const { task: _task, taskSalt: _salt, ...rest } = details;
  return rest;
}

/** The row has a digest of the task in clear, and no other task is shown with it. */
function requireCommitted(
  { task, taskSalt }: Readonly<Record<string, string>>,
  { taskDigest }: AuditRow["facts"],
): void {
  if (typeof taskDigest !== "string" || taskSalt === undefined) return;
  if (saltedDigest(taskSalt, task ?? "") === taskDigest) return;
  throw new Fault("a sealed task isn't the one that the row's digest is of");
}
