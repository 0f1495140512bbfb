/** Parts of the public API's bodies that several resources share. */
import * as z from "zod";
import { dollars } from "../core/money/pricing.ts";

/** The path has no parameters. */
export const noParams = z.object({});
export const noQuery = z.object({});

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
export const optionalFlag = flag.optional();

const pageLimitMax = 100;
/** The database reads, and bills, every document that an offset skips. */
const pageOffsetMax = 10_000;

/** `limit` and `offset` as the API's lists take them. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(50),
  offset: z.coerce.number().int().min(0).max(pageOffsetMax).default(0),
});

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal("list"),
    data: z.array(item),
    has_more: z.boolean(),
    total_count: z.int(),
  });
}

/** What a page of a list consists of. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Whether another page follows. */
  readonly hasMore: boolean;
  /** How many items the list has in all. */
  readonly total: number;
}

export function listBody<T>(
  items: readonly T[],
  page: { readonly offset: number; readonly total: number },
): { object: "list"; data: readonly T[]; has_more: boolean; total_count: number } {
  const hasMore = page.offset + items.length < page.total;
  return { object: "list", data: items, has_more: hasMore, total_count: page.total };
}

/** ISO-8601 UTC with milliseconds. */
/** The last time that a date can name: a runner's own clock may say any number. */
const epochMsMax = 8_640_000_000_000_000;

export function iso(epochMs: number): string {
  return new Date(Math.min(epochMs, epochMsMax)).toISOString();
}

export function isoOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : iso(epochMs);
}

export function usd(microusd: number): number {
  return dollars(microusd);
}

/** Free-form JSON of a client. It is stored as text because Firestore can't hold all JSON. */
export const Metadata = z.record(z.string(), z.unknown()).nullish();

const smallMetadataBytesMax = 16 * 1024;
/**
 * Metadata of a document that is read often: by each instance every second, as an API key is, or
 * with a hundred others in a page, as a thread is.
 */
export const SmallMetadata = Metadata.refine(
  (value) => Buffer.byteLength(toJsonText(value)) <= smallMetadataBytesMax,
  `must be at most ${smallMetadataBytesMax} bytes as JSON`,
);

export function toJsonText(value: unknown): string {
  return JSON.stringify(value ?? null);
}

export function fromJsonText(text: string): unknown {
  return JSON.parse(text);
}

export function ok<T extends object>(body: T): { status: number; body: T } {
  return { status: 200, body };
}

export function created<T extends object>(body: T): { status: number; body: T } {
  return { status: 201, body };
}
