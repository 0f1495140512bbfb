/** The well-known types as proto-loader represents them, and back. */
import * as z from "zod";

/** Bytes; a missing field is empty. */
export const Bytes = z.instanceof(Uint8Array).default(new Uint8Array());

/** An `Int64Value`, as in checksums; absent if the caller sent none. */
export const Int64Value = z.object({ value: z.number().default(0) }).nullish();
export type Int64Value = z.infer<typeof Int64Value>;

/** `Timestamp` and `Duration` have the same shape. */
export const Seconds = z.object({ seconds: z.number().default(0), nanos: z.number().default(0) });
export type Seconds = z.infer<typeof Seconds>;

/** A `Timestamp` since 1970, or a `Duration`. */
export function toSeconds(ms: number): Seconds {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function toMs(value: Seconds): number {
  return value.seconds * 1000 + value.nanos / 1e6;
}

const PageToken = z.string().regex(/^\d{1,9}$/);

/** One page of `all`; the token is the next offset. Null for a malformed token. */
export function pageOf<T>(
  all: readonly T[],
  page: { readonly token: string; readonly size: number; readonly sizeMax: number },
): { readonly items: T[]; readonly nextPageToken: string } | null {
  const token = PageToken.safeParse(page.token || "0");
  if (!token.success) return null;
  const offset = Number(token.data);
  const end = offset + Math.min(page.size || page.sizeMax, page.sizeMax);
  return { items: all.slice(offset, end), nextPageToken: end < all.length ? String(end) : "" };
}
