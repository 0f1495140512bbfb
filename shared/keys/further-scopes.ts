import type { Scope } from "../core/keys/scopes.ts";
import type { ApiKey } from "../store/api-keys.ts";
import { startScopes } from "./acting-key.ts";
import { requireKeyScope } from "./require-key-scope.ts";

/** Scopes that a route needs besides its own. */
export interface FurtherScopes<B> {
  readonly scopes: readonly Scope[];
  /** Says for which bodies; without it, they are needed for all. */
  readonly when?: (body: B) => boolean;
}

/**
 * What stores something that a later start runs or obeys needs the right to start it now: it is
 * run with the rights, the secrets and the money of the key that starts it.
 */
export const toStartLater = { scopes: startScopes } as const;

/** @throws {ApiError} `FORBIDDEN`, naming the scope that the key lacks. */
export function requireFurtherScopes<B>(
  further: FurtherScopes<B> | undefined,
  { scopes }: Pick<ApiKey, "scopes">,
  body: B,
): void {
  if (further === undefined || further.when?.(body) === false) return;
  for (const scope of further.scopes) requireKeyScope(scopes, scope);
}
