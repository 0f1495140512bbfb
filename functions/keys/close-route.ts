import * as z from "zod";
import { closeKey, finishClosing } from "#shared/auth/close-keys";
import { KeyClose, KeyClosed } from "#shared/contract/api-key";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { findKey } from "./find-key.ts";

interface Ending {
  readonly answers: "POST /v1/keys/:keyId/revoke" | "DELETE /v1/keys/:keyId";
  readonly summary: string;
  readonly audit: "key.revoked" | "key.deleted";
  /** Whether the key leaves the lists too. */
  readonly deletes: boolean;
  readonly message: string;
}

/** A route that ends a key, with all that it runs unless its owner wants to keep that (KEY-5). */
export function closeRoute({ answers, summary, audit, deletes, message }: Ending) {
  return route({
    answers,
    summary,
    authenticate: "api-key",
    scope: "keys:write",
    params: z.object({ keyId: idSchema("apiKey") }),
    query: noQuery,
    body: KeyClose,
    bodyBytesMax: jsonBytesMax,
    limits: "writes",
    budget: "admission",
    audit,
    reply: { 200: KeyClosed },
    read: async ({ caller, params: { keyId }, deps }) =>
      await findKey(deps.store, { ownerId: caller.owner.id, keyId }),
    decide({ body, data, account, now }) {
      if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
      const { id, prefix, revokedAt } = data.value;
      const stop = !body.keepExecutions;
      const fields = deletes ? { deletedAt: now } : {};
      const closing = closeKey(account, data, { stop, now, fields });
      const { executionIds } = closing;
      const isDone = revokedAt !== null && !deletes && !(stop && executionIds.length > 0);
      return {
        ...(isDone ? { writes: [] } : closing),
        subject: id,
        facts: { prefix, executions: executionIds.length, executionsStopped: stop },
        reply: ok({ success: true, message, id, executionIds, executionsStopped: stop }),
        toStop: stop ? executionIds : [],
      };
    },
    // If this process dies here, maintenance stops what is left; the barrier is for the answer.
    after: async ({ caller, data, decided, request, deps }) => {
      const by = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
      const keys = [{ ref: data.ref, dueAt: null }];
      const { toStop: executionIds } = decided;
      await finishClosing(deps, { owner: caller.owner, keys, executionIds, by });
    },
  });
}
