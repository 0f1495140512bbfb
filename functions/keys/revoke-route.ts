import * as z from "zod";
import { KeyClose, KeyClosed } from "#shared/contract/api-key";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { gaveWay } from "#shared/keys/gave-way";
import { clearDue, closeKey, executionsOf, finishClosing } from "#shared/keys/revoke-keys";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";
import { findKey } from "./find-key.ts";

interface Revocation {
  readonly endpoint: "POST /v1/keys/:keyId/revoke" | "DELETE /v1/keys/:keyId";
  readonly summary: string;
  readonly audit: "key.revoked" | "key.deleted";
  /** Whether the key disappears from lists as well. */
  readonly deletes: boolean;
  readonly message: string;
}

/** A route that ends a key, and its executions unless the owner wants to keep them (KEY-5). */
export function revokeRoute({ endpoint, summary, audit, deletes, message }: Revocation) {
  return change({
    endpoint,
    summary,
    authenticate: "api-key",
    scope: "keys:write",
    params: z.object({ keyId: idSchema("apiKey") }),
    query: noQuery,
    body: KeyClose,
    bodyBytesMax: jsonBytesMax,
    requestClass: "closings",
    repeating: "harmless",
    beforeConfirmed: "reads",
    account: "closing",
    audit,
    reply: { 200: KeyClosed },
    read: async ({ caller: { owner }, params: { keyId }, deps }) => {
      const [key, account] = await allInOrder([
        findKey(deps.store, { ownerId: owner.id, keyId }),
        deps.store.require(accounts.of(owner, accountId)),
      ]);
      return { key, executionIds: executionsOf(account.value, keyId) };
    },
    decide({ caller, body, data: { key, executionIds }, now }) {
      const { id, prefix, revokedAt } = key.value;
      const stop = !body.keepExecutions;
      const fields = deletes ? { deletedAt: now } : {};
      const isDone = revokedAt !== null && !deletes && !(stop && executionIds.length > 0);
      const answer = (ids: readonly string[], executionsStopped: boolean) =>
        ok({ success: true, message, id, executionIds: [...ids], executionsStopped });
      return {
        writes: isDone ? [] : closeKey(caller.owner, key, { stop, now, fields }),
        subject: id,
        facts: { prefix, executions: executionIds.length, executionsStopped: stop },
        // Sent if stopping them fails. Maintenance then stops them.
        reply: answer(executionIds, stop && executionIds.length === 0),
        answer,
        stop,
      };
    },
    // If this process dies here, maintenance stops the rest.
    answerAfter: async ({
      caller,
      data: { key },
      decided: { answer, stop },
      request,
      now,
      deps,
    }) => {
      const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
      // What acted with a key that its rotation had ended acts with its successor.
      const goesOn = gaveWay(key.value, now);
      const which = { owner: caller.owner, keyId: key.value.id, stop, by, goesOn };
      return answer(await finishClosing(deps, { ...which, done: clearDue(deps, key) }), stop);
    },
  });
}
