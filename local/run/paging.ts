import * as z from "zod";
import { invalid } from "../lib/grpc.ts";

/** The fields of every List request. */
export const pageFields = {
  pageSize: z.number().int().min(0).default(0),
  pageToken: z.string().default(""),
};

const pageSizeDefault = 100;
const pageSizeMax = 1_000;

interface Page<T> {
  readonly items: T[];
  readonly nextPageToken: string;
}

/**
 * One page of `all`. The token names the last item that was returned, so items that come or go
 * between two calls neither repeat nor hide others.
 *
 * @param position Decreases along `all`; for newest first, a sequence number is enough.
 */
export function pageOf<T>(
  all: readonly T[],
  request: { readonly pageSize: number; readonly pageToken: string },
  position: (item: T) => number,
): Page<T> {
  const size = Math.min(request.pageSize || pageSizeDefault, pageSizeMax);
  const after = request.pageToken === "" ? null : decode(request.pageToken);
  const rest = after === null ? all : all.filter((item) => position(item) < after);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const more = rest.length > items.length && last !== undefined;
  return { items, nextPageToken: more ? encode(position(last)) : "" };
}

function encode(position: number): string {
  return Buffer.from(`after:${position}`).toString("base64url");
}

function decode(token: string): number {
  const text = Buffer.from(token, "base64url").toString();
  const match = /^after:(-?\d{1,15})$/.exec(text);
  if (!match) throw invalid("page_token: not one of ours.");
  return Number(match[1]);
}
