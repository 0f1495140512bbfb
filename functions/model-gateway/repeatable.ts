/**
 * Digests of a call that may be repeated. They are keyed: a call's body is often known but for a
 * short secret in it, which a reader of the database would find by trying all values.
 */
import { createHmac } from "node:crypto";
import { keyNamed, type SigningKeys } from "#shared/core/executions/ticket";
import { Fault } from "#shared/core/fault";
import type { Repeatable } from "#shared/core/money/model-meter";
import type { CheckedCall } from "./checked-call.ts";
import type { MeteredExecution } from "./metered-execution.ts";

interface Asked {
  readonly execution: Pick<MeteredExecution, "claims">;
  readonly call: Pick<CheckedCall, "path" | "body">;
  readonly idempotencyKey: string | null;
}

/**
 * Null for a call without an idempotency key. The key that signed the execution's token is taken,
 * because a rotation of the keys mustn't make an earlier call unknown.
 */
export function repeatableOf(
  { execution: { claims }, call, idempotencyKey }: Asked,
  keys: SigningKeys,
): Repeatable | null {
  if (idempotencyKey === null) return null;
  const key = keyNamed(keys, claims.signedBy);
  if (!key) throw new Fault("the key of a token is missing");
  const own = createHmac("sha256", key).update(`paddock model call ${claims.executionId}`).digest();
  const digest = (what: string, bytes: string | Buffer) =>
    createHmac("sha256", own).update(`${what}\n`).update(bytes).digest("hex");
  return {
    keySha256: digest("key", idempotencyKey),
    requestSha256: digest(`request ${call.path}`, call.body),
  };
}
