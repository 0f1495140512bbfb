/** Identifies the caller by the credential that was sent. Only here does a key become an owner. */
import { config, gatewayKeys, required } from "../config.ts";
import { type TokenPurpose, verifyToken } from "../core/executions/ticket.ts";
import { ApiError } from "../errors/api-error.ts";
import { type Identity, verifyIdToken } from "../identity/id-token.ts";
import { requireOperator, stillOperator } from "../identity/operators.ts";
import { mintOwner, operatorsTrail } from "../identity/owner.ts";
import { type ApiKeyCache, entryFreshMs } from "../keys/api-key-cache.ts";
import type { KeyClient } from "../keys/key-client.ts";
import type { ReadStore } from "../store/store.ts";
import type { Credential } from "./credential.ts";
import { type Authenticated, confirmedAlready } from "./request-security.ts";
import type { Authentication, Callers, Deps } from "./route.ts";

interface KeyLookup {
  readonly keys: ApiKeyCache;
  readonly deps: Pick<Deps, "store" | "now">;
  readonly client: KeyClient;
}

function withKey(key: Callers["api-key"]["key"]): Callers["api-key"] {
  const owner = mintOwner(key.ownerId, key.mode, key.environmentIds);
  return { type: "key", id: key.id, owner, key };
}

async function atKey(
  { key, mode }: Extract<Credential, { type: "key" }>,
  { keys, client }: KeyLookup,
): Promise<Authenticated<"api-key">> {
  const { provisional, confirmed } = await keys.find(key, { mode, ...client });
  const later = confirmed.then(withKey);
  // It is awaited before the answer. Failing earlier, it mustn't end the process.
  later.catch(() => {});
  return {
    caller: withKey(provisional),
    confirmed: later,
    freshMs: entryFreshMs,
    reconfirm: async () => withKey(await (await keys.find(key, { mode, ...client })).confirmed),
    findAgain: async () => {
      const found = await keys.findAgain(key, { mode, address: client.address });
      return found && withKey(found);
    },
    // What the key starts or makes is decided on the account, which says whether it was closed.
    stillAllowed: null,
    recordKeyUse: async () => await keys.recordUse(key, client).catch(() => {}),
    recordRefusal: (reason) => keys.noteRefusal(key, { key: provisional, client, reason }),
  };
}

/** A caller that nothing but its token identifies, which may expire meanwhile. */
async function byToken<A extends Authentication>(
  identify: () => Promise<Callers[A]>,
): Promise<Authenticated<A>> {
  const caller = confirmedAlready(await identify());
  return { ...caller, freshMs: entryFreshMs, reconfirm: identify };
}

/**
 * An operator, whose right may be taken away at any moment. What it changes is committed together
 * with the version of its document, so a removed operator changes nothing.
 * @param identify Checks the identity that was sent and returns its address.
 */
export async function asOperator(
  store: Pick<ReadStore, "get">,
  identify: () => Promise<string>,
): Promise<Authenticated<"operator">> {
  const email = await identify();
  const found = await requireOperator(store, email);
  const { id, createdAt, isAuditor = false } = found.value;
  const caller = { type: "operator", id, email, createdAt, isAuditor } as const;
  const reconfirm = async () => {
    const { version } = await requireOperator(store, await identify());
    if (version.isEqual(found.version)) return caller;
    // It was removed and made again, or vouched for: a repeated request has the new right.
    throw new ApiError("CONTENTION", { headers: { "retry-after": "1" } });
  };
  const stillAllowed = stillOperator(found);
  return { ...confirmedAlready(caller), freshMs: entryFreshMs, reconfirm, stillAllowed };
}

async function requireAccount(token: string, audience: string, email: string): Promise<Identity> {
  const identity = await verifyIdToken(token, audience);
  if (identity.email === email) return identity;
  const message = "This account may not call this service.";
  throw new ApiError("FORBIDDEN", { message, authentication: { reason: "another account" } });
}

function withToken(purpose: TokenPurpose, token: string, now: number): Callers["execution"] {
  const claims = verifyToken(purpose, token, { keys: gatewayKeys(), now });
  if (!claims) {
    const message = `Send a valid ${purpose} token.`;
    throw new ApiError("UNAUTHORIZED", { message, authentication: { reason: "invalid token" } });
  }
  const owner = mintOwner(claims.ownerId, "production");
  return { type: "runner", id: claims.executionId, owner, claims };
}

/** What it starts has the mode of the key that it acts with. */
function atTrigger({
  ownerId,
  triggerId,
  generation,
}: Extract<Credential, { type: "webhook" }>): Callers["webhook"] {
  const owner = mintOwner(ownerId, "production");
  return { type: "webhook", id: triggerId, owner, generation };
}

/** @throws {ApiError} `UNAUTHORIZED`, `FORBIDDEN`, `UNAVAILABLE`. */
export async function authenticate(
  authentication: Authentication,
  shown: Credential,
  known: KeyLookup,
): Promise<Authenticated> {
  if (shown.type === "nothing") return confirmedAlready({ type: "public", id: "public" });
  if (shown.type === "key") return await atKey(shown, known);
  if (shown.type === "webhook") return confirmedAlready(atTrigger(shown));
  const { token } = shown;
  switch (authentication) {
    case "execution": {
      return await byToken<"execution">(async () => withToken("control", token, known.deps.now()));
    }
    case "model": {
      return await byToken<"model">(async () => withToken("model", token, known.deps.now()));
    }
    case "runner": {
      const account = required("PADDOCK_RUNNER_ACCOUNT");
      const audience = required("PADDOCK_GATEWAY_AUDIENCE");
      return await byToken<"runner">(async () => {
        const { email } = await requireAccount(token, audience, account);
        return { type: "runner", id: email };
      });
    }
    case "scheduler": {
      const account = required("PADDOCK_SCHEDULER_ACCOUNT");
      const audience = required("PADDOCK_MAINTENANCE_AUDIENCE");
      return await byToken<"scheduler">(async () => {
        const { email } = await requireAccount(token, audience, account);
        return { type: "maintenance", id: email };
      });
    }
    case "operator": {
      const audience = required("PADDOCK_OPERATOR_AUDIENCE");
      const identify = async () => (await verifyIdToken(token, audience)).email;
      return await asOperator(known.deps.store, identify);
    }
    case "first-operator": {
      const first = config().PADDOCK_FIRST_OPERATOR ?? "";
      const audience = required("PADDOCK_OPERATOR_AUDIENCE");
      return await byToken<"first-operator">(async () => {
        const { email } = await requireAccount(token, audience, first);
        return { type: "operator", id: operatorsTrail().id, email };
      });
    }
    default:
      throw new ApiError("UNAUTHORIZED", { authentication: { reason: "another credential" } });
  }
}
