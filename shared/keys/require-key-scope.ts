import { allows, type Scope } from "../core/keys/scopes.ts";
import { ApiError } from "../errors/api-error.ts";

/** @throws {ApiError} `FORBIDDEN`, naming the scope, unless the key's scopes allow it. */
export function requireKeyScope(granted: readonly Scope[], needed: Scope): void {
  if (!allows(granted, needed)) throw lacksScope(needed);
}

export function lacksScope(requiredScope: string): ApiError {
  const message = `The API key lacks the scope ${requiredScope}.`;
  const details = { requiredScope };
  return new ApiError("FORBIDDEN", { message, details, authentication: { reason: "scope" } });
}
