/** The first gates: what a request must show before its body is read or a document is. */
import type { IncomingMessage } from "node:http";
import { type Identity, verifyIdToken } from "../auth/id-token.ts";
import type { KeyRing } from "../auth/key-ring.ts";
import { requireOperator } from "../auth/operators.ts";
import { mintOwner, operatorsTrail } from "../auth/owner.ts";
import { config, gatewayKeys, peppers, required } from "../config.ts";
import { checkKey, type Mode } from "../core/api-key.ts";
import { verifyToken } from "../core/ticket.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Authentication, Callers, Deps, RequestFacts } from "./route.ts";

const bearer = /^bearer ([^\s]{1,4096})$/i;
const idempotencyKeyForm = /^[\x21-\x7e]{1,255}$/;

function credential(request: IncomingMessage): string | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? null;
  const alias = request.headers["x-api-key"];
  return typeof alias === "string" ? alias : null;
}

export type Shown =
  | { readonly type: "nothing" }
  | { readonly type: "key"; readonly key: string; readonly mode: Mode }
  | { readonly type: "token"; readonly token: string };

/**
 * What the caller shows, as far as that can be told without reading anything: a key that was never
 * issued, or a missing credential, is refused here (KEY-3).
 */
export function checkCredential(authentication: Authentication, request: IncomingMessage): Shown {
  if (authentication === "public") return { type: "nothing" };
  const shown = credential(request);
  if (shown === null) throw new ApiError("UNAUTHORIZED", { cause: "no credential" });
  if (authentication !== "api-key") return { type: "token", token: shown };
  const mode = checkKey(shown, Object.values(peppers().keys));
  if (!mode) throw new ApiError("UNAUTHORIZED", { cause: "a key that was never issued" });
  if (mode === "development" && config().PADDOCK_DEVELOPMENT_KEYS === "refused") {
    throw new ApiError("UNAUTHORIZED", { message: "This deployment refuses development keys." });
  }
  return { type: "key", key: shown, mode };
}

/** The caller, and a promise that must resolve before anything is answered. */
export interface Authenticated<A extends Authentication = Authentication> {
  readonly caller: Callers[A];
  readonly confirmed: Promise<Callers[A]>;
  /** Confirms a key as it stands now: a request whose body was long in coming asks again. */
  readonly again: () => Promise<unknown>;
  /** To be called when the answer has been given. Never throws. */
  readonly noteUse: () => Promise<void>;
}

interface Known {
  readonly keys: KeyRing;
  readonly deps: Deps;
  /** The client's. */
  readonly address: string;
}

function at<A extends Authentication>(caller: Callers[A]): Authenticated<A> {
  const confirmed = Promise.resolve(caller);
  return { caller, confirmed, again: () => confirmed, noteUse: () => Promise.resolve() };
}

function withKey(key: Callers["api-key"]["key"]): Callers["api-key"] {
  const owner = mintOwner(key.ownerId, key.mode, key.environmentIds);
  return { type: "key", id: key.id, owner, key };
}

async function atKey(
  { key, mode }: Extract<Shown, { type: "key" }>,
  { keys, address }: Known,
): Promise<Authenticated<"api-key">> {
  const { provisional, confirmed } = await keys.find(key, { mode, address });
  const later = confirmed.then(withKey);
  later.catch(() => {}); // Awaited before the answer; may fail before that.
  return {
    caller: withKey(provisional),
    confirmed: later,
    again: async () => await (await keys.find(key, { mode, address })).confirmed,
    noteUse: async () => await keys.noteUse(key, address).catch(() => {}),
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
  shown: Shown,
  known: Known,
): Promise<Authenticated> {
  if (shown.type === "nothing") return at({ type: "public", id: "public" });
  if (shown.type === "key") return await atKey(shown, known);
  const { token } = shown;
  switch (authentication) {
    case "execution": {
      const claims = verifyToken("control", token, { keys: gatewayKeys(), now: known.deps.now() });
      if (!claims) throw new ApiError("UNAUTHORIZED", { message: "Send a valid control token." });
      const owner = mintOwner(claims.ownerId, "production");
      return at({ type: "runner", id: claims.executionId, owner, claims });
    }
    case "runner": {
      const account = required("PADDOCK_RUNNER_ACCOUNT");
      const { email } = await requireAccount(token, required("PADDOCK_GATEWAY_AUDIENCE"), account);
      return at({ type: "runner", id: email });
    }
    case "scheduler": {
      const account = required("PADDOCK_SCHEDULER_ACCOUNT");
      const { email } = await requireAccount(
        token,
        required("PADDOCK_MAINTENANCE_AUDIENCE"),
        account,
      );
      return at({ type: "maintenance", id: email });
    }
    case "operator": {
      const { email } = await verifyIdToken(token, required("PADDOCK_OPERATOR_AUDIENCE"));
      const { id } = await requireOperator(known.deps.store, email);
      return at({ type: "operator", id, email });
    }
    case "first-operator": {
      const first = config().PADDOCK_FIRST_OPERATOR;
      const { email } = await requireAccount(
        token,
        required("PADDOCK_OPERATOR_AUDIENCE"),
        first ?? "",
      );
      return at({ type: "operator", id: operatorsTrail().id, email });
    }
    default:
      throw new ApiError("UNAUTHORIZED");
  }
}

/** The facts of a request that handlers may know. @throws {ApiError} for a malformed header. */
export function requestFacts(request: IncomingMessage, id: string): RequestFacts {
  const key = request.headers["idempotency-key"] ?? null;
  if (key !== null && (typeof key !== "string" || !idempotencyKeyForm.test(key))) {
    const details = [{ field: "Idempotency-Key", message: "1 to 255 printable ASCII characters" }];
    throw new ApiError("VALIDATION_FAILED", { details });
  }
  return {
    id,
    address: clientAddress(request),
    userAgent: (request.headers["user-agent"] ?? "").slice(0, 500),
    idempotencyKey: key,
    range: request.headers.range ?? null,
    lastEventId: request.headers["last-event-id"]?.toString() ?? null,
  };
}

/**
 * The client's address as the load balancer saw it: it appends "client, balancer" to whatever the
 * client itself sent, so only entries counted from the end can be believed.
 */
export function clientAddress(request: IncomingMessage): string {
  const forwarded = String(request.headers["x-forwarded-for"] ?? "").split(",");
  const entry = forwarded.at(-1 - config().PADDOCK_TRUSTED_HOPS)?.trim();
  return entry || (request.socket.remoteAddress ?? "unknown");
}
