/**
 * Conditional requests (RFC 9110, 13) of things that have a strong entity tag or none, and never a
 * modification date: a program may give its files any date, so a date proves nothing. What a client
 * says about dates is ignored, as the RFC has it where there is no date to compare.
 */
import type { IncomingHttpHeaders } from "node:http";
import { listElements } from "./list-elements.ts";

/** The headers as they were sent; null for one that wasn't. */
export interface Preconditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifRange: string | null;
  readonly range: string | null;
}

/** What there is at the target now; `etag` is null for something that has no entity tag. */
export type Current = { readonly etag: string | null } | null;

/** `none` stands for nothing to be said against the request. */
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

/** In the order of RFC 9110, 13.2.2: `If-Match` first, then `If-None-Match`. */
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
 * The `Range` to follow; null for the whole: only GET has ranges (RFC 9110, 14.2), and `If-Range`
 * wants the whole if what it names has been replaced (13.1.5).
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

/** A header that isn't a list of tags names none. */
function tagsOf(header: string): readonly string[] {
  // Commas belong to tags, too; those that we make have none.
  return listElements(header).filter((tag) => entityTag.test(tag));
}

/** The strong comparison: a weak tag is never the same. */
function isSame(tag: string, etag: string): boolean {
  return tag === etag;
}

function isSameWeakly(tag: string, etag: string): boolean {
  return tag.replace(/^W\//, "") === etag;
}
