/**
 * Conditional requests (RFC 9110, 13) for things with a strong entity tag or none. They have no
 * modification date, since a program can give its files any date. So conditions on dates are
 * ignored, as the RFC allows where there is no date.
 */
import type { IncomingHttpHeaders } from "node:http";
import { listElements } from "./list-elements.ts";

/** The headers as they were sent; null if absent. */
export interface Preconditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifRange: string | null;
  readonly range: string | null;
}

/** What exists at the target; `etag` is null if it has no entity tag. */
export type Current = { readonly etag: string | null } | null;

/** `none` means that no condition stops the request. */
export type PreconditionVerdict = "none" | "not_modified" | "failed";

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions {
  return {
    ifMatch: headers["if-match"] ?? null,
    ifNoneMatch: headers["if-none-match"] ?? null,
    ifRange: headers["if-range"]?.toString() ?? null,
    range: headers.range ?? null,
  };
}

/** Follows the order of RFC 9110, 13.2.2: `If-Match` first, then `If-None-Match`. */
export function judgePreconditions(
  method: string,
  { ifMatch, ifNoneMatch }: Preconditions,
  current: Current,
): PreconditionVerdict {
  if (ifMatch !== null && !names(ifMatch, current, isSame)) return "failed";
  if (ifNoneMatch === null || !names(ifNoneMatch, current, isSameWeakly)) return "none";
  return method === "GET" || method === "HEAD" ? "not_modified" : "failed";
}

/**
 * The `Range` to honour; null for the whole. Only GET has ranges (RFC 9110, 14.2), and `If-Range`
 * asks for the whole if the thing was replaced (13.1.5).
 */
export function rangeToFollow(
  method: string,
  { range, ifRange }: Preconditions,
  etag: string,
): string | null {
  if (method !== "GET") return null;
  return ifRange === null || isSame(ifRange, etag) ? range : null;
}

type Comparison = (tag: string, etag: string) => boolean;

function names(header: string, current: Current, compare: Comparison): boolean {
  if (header === "*") return current !== null;
  const etag = current?.etag;
  if (etag == null) return false;
  return tagsOf(header).some((tag) => compare(tag, etag));
}

/** The tags in a list header; a malformed one has none. */
function tagsOf(header: string): readonly string[] {
  // Tags may contain commas; those that we make don't.
  return listElements(header).filter((tag) => entityTag.test(tag));
}

/** The strong comparison: a weak tag never matches. */
function isSame(tag: string, etag: string): boolean {
  return tag === etag;
}

function isSameWeakly(tag: string, etag: string): boolean {
  return tag.replace(/^W\//, "") === etag;
}
