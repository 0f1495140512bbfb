import { deploymentLimits } from "../config.ts";
import { assert } from "../core/assert.ts";
import { digestSalt } from "../executions/request-digest.ts";
import type { Owner } from "../identity/owner.ts";
import { ApiKeyCache } from "../keys/api-key-cache.ts";
import { RefusedKeyUses } from "../keys/refused-key-uses.ts";
import { sealAuditDetails } from "../secrets/audit-details.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { authenticate } from "./authenticate.ts";
import { logFailure } from "./request-log.ts";
import type { AuditedChange, RequestSecurity } from "./request-security.ts";
import type { AnyContext, ChangeRoute, Deps } from "./route.ts";

/** The security of a function whose callers are identified. */
export function requestSecurity(deps: Deps): RequestSecurity {
  const onFailure = (cause: unknown) => logFailure("refused uses of a key weren't counted", cause);
  const { refusedUsesWrittenMs } = deploymentLimits();
  const refusedUses = new RefusedKeyUses({ ...deps, onFailure }, refusedUsesWrittenMs);
  const keys = new ApiKeyCache(() => deps.store, {
    ...deps,
    elapsed: () => performance.now(),
    refused: (use) => refusedUses.add(use),
  });
  return {
    authenticate: (authentication, shown, client) =>
      authenticate(authentication, shown, { keys, deps, client }),
    sealDetails: sealedFor,
    auditRow: auditOf,
  };
}

async function sealedFor(
  route: ChangeRoute,
  context: AnyContext & { readonly data: unknown },
  row: { readonly id: string; readonly owner: Owner },
): Promise<string | null> {
  const { caller, data } = context;
  const task = route.auditTask?.(data);
  const details = {
    ...route.auditDetails?.(context),
    ...(task === undefined ? {} : { task, taskSalt: digestSalt(context.request.id) }),
  };
  const sealed = { ownerId: row.owner.id, rowId: row.id };
  if (caller.type === "key" && "key" in caller) {
    const { address, userAgent } = context.request;
    const { auditPublicKey: publicKey } = caller.key;
    return await sealAuditDetails({ ...sealed, publicKey }, { address, userAgent, ...details });
  }
  if (!route.sealedTo) return null;
  return await sealAuditDetails({ ...sealed, publicKey: route.sealedTo(data) }, details);
}

function auditOf(route: ChangeRoute, { context, decided, owner, rowId, sealed }: AuditedChange) {
  const { caller, now, request } = context;
  assert(
    caller.type !== "public" && caller.type !== "webhook",
    "what nobody is responsible for changes nothing by itself",
  );
  assert(decided.subject !== undefined, "an audited change names its subject");
  return auditEntry(owner, {
    id: rowId,
    at: now,
    actor: { type: caller.type, id: caller.id },
    action: decided.action ?? route.audit,
    subject: decided.subject,
    requestId: request.id,
    facts: { ...decided.facts },
    sealedDetails: sealed,
  });
}
