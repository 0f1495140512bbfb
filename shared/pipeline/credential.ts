/** The first gate: the credential, as far as it can be judged before anything is read. */
import type { IncomingMessage } from "node:http";
import { config, peppers } from "../config.ts";
import { checkKey, type Mode } from "../core/keys/api-key.ts";
import { checkTriggerAddress, type TriggerAddress } from "../core/keys/trigger-address.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Authentication } from "./route.ts";

/** RFC 9110, 11.4, allows more than one blank. */
const bearer = /^bearer +([^\s]{1,4096})$/i;

function credentialOf(request: IncomingMessage): string | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? null;
  const alias = request.headers["x-api-key"];
  return typeof alias === "string" ? alias : null;
}

export type Credential =
  | { readonly type: "nothing" }
  | { readonly type: "key"; readonly key: string; readonly mode: Mode }
  | { readonly type: "token"; readonly token: string }
  | ({ readonly type: "webhook" } & TriggerAddress);

/**
 * The caller's credential, as far as it can be judged without a read. A missing credential, or a
 * key that was never issued, is refused here (KEY-3).
 */
export function checkCredential(
  authentication: Authentication,
  request: IncomingMessage,
): Credential {
  if (authentication === "public") return { type: "nothing" };
  if (authentication === "webhook") return addressOf(request);
  const shown = credentialOf(request);
  if (shown === null) throw refused("no credential");
  if (authentication !== "api-key") return { type: "token", token: shown };
  const mode = checkKey(shown, Object.values(peppers().keys));
  if (!mode) throw refused("never issued");
  if (mode === "development" && config().PADDOCK_DEVELOPMENT_KEYS === "refused") {
    throw refused("development key", "This deployment refuses development keys.");
  }
  return { type: "key", key: shown, mode };
}

/** A guessed address costs no read. @throws {ApiError} `NOT_FOUND`. */
function addressOf({ url = "" }: IncomingMessage): Credential {
  const [path = ""] = url.split("?");
  const address = path.slice(path.lastIndexOf("/") + 1);
  const checked = checkTriggerAddress(address, Object.values(peppers().keys));
  if (checked === null) throw new ApiError("NOT_FOUND");
  return { type: "webhook", ...checked };
}

function refused(reason: string, message?: string): ApiError {
  const authentication = { reason };
  return new ApiError("UNAUTHORIZED", message ? { message, authentication } : { authentication });
}
