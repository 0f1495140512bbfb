/**
 * What routes about one kind of an owner's things have in common, to be spread into them: an API
 * key with the kind's scope, and no body.
 */
import { noQuery } from "../contract/common.ts";
import type { Scope } from "../core/keys/scopes.ts";

/** Reads; a list states its own query after it. */
export function ownedRead<const S extends Scope>(scope: S) {
  return {
    authenticate: "api-key",
    scope,
    query: noQuery,
    body: "none",
    bodyBytesMax: 0,
    requestClass: "reads",
  } as const;
}

/** Deletions of one thing, which take nothing off the counts in the account. */
export function ownedDeletion<const S extends Scope>(scope: S) {
  return {
    authenticate: "api-key",
    scope,
    query: noQuery,
    body: "none",
    bodyBytesMax: 0,
    requestClass: "writes",
    beforeConfirmed: "reads",
    account: "none",
  } as const;
}
