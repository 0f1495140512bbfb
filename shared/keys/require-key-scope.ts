import { allows, type Scope } from "../core/keys/scopes.ts";
import { ApiError } from "../errors/api-error.ts";

/**
 * @param why Continues the sentence that names the scope.
 * @throws {ApiError} `FORBIDDEN`, naming the scope, unless the key's scopes allow it.
 */
export function requireKeyScope(granted: readonly Scope[], needed: Scope, why = ""): void {
  if (!allows(granted, needed)) throw lacksScope(needed, why);
}

/** The one refusal for want of a scope: the pipeline records what has this reason (AUD-1). */
export function lacksScope(requiredScope: string, why = ""): ApiError {
  const message = `The API key lacks the scope ${requiredScope}${why === "" ? "" : `, ${why}`}.`;
  const details = { requiredScope };
  return new ApiError("FORBIDDEN", { message, details, authentication: { reason: "scope" } });
}
