/** Identifies the caller by the credential that was sent. Only here does a key become an owner. */
import { config, gatewayKeys, required } from "../config.ts";
import { verifyToken } from "../core/executions/ticket.ts";
import { ApiError } from "../errors/api-error.ts";
import { type Identity, verifyIdToken } from "../identity/id-token.ts";
import { requireOperator } from "../identity/operators.ts";
import { mintOwner, operatorsTrail } from "../identity/owner.ts";
import { type ApiKeyCache, entryFreshMs } from "../keys/api-key-cache.ts";
import type { Credential } from "./gates.ts";
import { type Authenticated, confirmedAlready } from "./request-security.ts";
import type { Authentication, Callers, Deps } from "./route.ts";

interface KeyLookup {
  readonly keys: ApiKeyCache;
  readonly deps: Pick<Deps, "store" | "now">;
  /** The client's address. */
  readonly address: string;
}

function withKey(key: Callers["api-key"]["key"]): Callers["api-key"] {
  const owner = mintOwner(key.ownerId, key.mode, key.environmentIds);
  return { type: "key", id: key.id, owner, key };
}

async function atKey(
  { key, mode }: Extract<Credential, { type: "key" }>,
  { keys, address }: KeyLookup,
): Promise<Authenticated<"api-key">> {
  const { provisional, confirmed } = await keys.find(key, { mode, address });
  const later = confirmed.then(withKey);
  // It is awaited before the answer. Failing earlier, it mustn't end the process.
  later.catch(() => {});
  return {
    caller: withKey(provisional),
    confirmed: later,
    freshMs: entryFreshMs,
    reconfirm: async () => await (await keys.find(key, { mode, address })).confirmed,
    recordKeyUse: async () => await keys.recordUse(key, address).catch(() => {}),
  };
}

async function requireAccount(token: string, audience: string, email: string): Promise<Identity> {
  const identity = await verifyIdToken(token, audience);
  if (identity.email === email) return identity;
  throw new ApiError("FORBIDDEN", { message: "This account may not call this service." });
}

/** @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE`. */
export async function authenticate(
  authentication: Authentication,
  shown: Credential,
  known: KeyLookup,
): Promise<Authenticated> {
  if (shown.type === "nothing") return confirmedAlready({ type: "public", id: "public" });
  if (shown.type === "key") return await atKey(shown, known);
  const { token } = shown;
  switch (authentication) {
    case "execution": {
      const claims = verifyToken("control", token, { keys: gatewayKeys(), now: known.deps.now() });
      if (!claims) throw new ApiError("UNAUTHORIZED", { message: "Send a valid control token." });
      const owner = mintOwner(claims.ownerId, "production");
      return confirmedAlready({ type: "runner", id: claims.executionId, owner, claims });
    }
    case "runner": {
      const account = required("PADDOCK_RUNNER_ACCOUNT");
      const { email } = await requireAccount(token, required("PADDOCK_GATEWAY_AUDIENCE"), account);
      return confirmedAlready({ type: "runner", id: email });
    }
    case "scheduler": {
      const account = required("PADDOCK_SCHEDULER_ACCOUNT");
      const { email } = await requireAccount(
        token,
        required("PADDOCK_MAINTENANCE_AUDIENCE"),
        account,
      );
      return confirmedAlready({ type: "maintenance", id: email });
    }
    case "operator": {
      const { email } = await verifyIdToken(token, required("PADDOCK_OPERATOR_AUDIENCE"));
      const { value } = await requireOperator(known.deps.store, email);
      return confirmedAlready({ type: "operator", id: value.id, email });
    }
    case "first-operator": {
      const first = config().PADDOCK_FIRST_OPERATOR;
      const { email } = await requireAccount(
        token,
        required("PADDOCK_OPERATOR_AUDIENCE"),
        first ?? "",
      );
      return confirmedAlready({ type: "operator", id: operatorsTrail().id, email });
    }
    default:
      throw new ApiError("UNAUTHORIZED");
  }
}
