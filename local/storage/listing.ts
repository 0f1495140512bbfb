/** One page of a bucket's objects, in the byte order of their names. */
import { HttpError } from "../lib/http.ts";
import { objectResource, type StoredObject } from "./model.ts";

const pageSizeMax = 1_000;

interface ListOptions {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last item or prefix of the page before; empty for the first. */
  readonly after: string;
  readonly lengthMax: number;
}

export function listObjects(bucket: string, objects: Iterable<StoredObject>, url: URL): object {
  const options = readOptions(url);
  const sorted = [...objects]
    .filter(({ name }) => name.startsWith(options.prefix))
    .sort((a, b) => compareBytes(a.name, b.name));
  const items: object[] = [];
  const prefixes = new Set<string>();
  let last = "";
  for (const object of sorted) {
    const group = groupOf(object.name, options);
    const key = group ?? object.name;
    if (prefixes.has(key) || isBefore(key, options.after)) continue;
    if (items.length + prefixes.size === options.lengthMax) {
      const nextPageToken = Buffer.from(last).toString("base64url");
      return page(items, prefixes, { nextPageToken });
    }
    if (group === null) items.push(objectResource(bucket, object, url.origin));
    else prefixes.add(group);
    last = key;
  }
  return page(items, prefixes, {});
}

function page(items: object[], prefixes: Set<string>, more: { nextPageToken?: string }): object {
  const folders = prefixes.size > 0 ? { prefixes: [...prefixes] } : {};
  return { kind: "storage#objects", ...(items.length > 0 ? { items } : {}), ...folders, ...more };
}

function readOptions({ searchParams }: URL): ListOptions {
  const size = searchParams.get("maxResults") ?? String(pageSizeMax);
  if (!/^[1-9]\d{0,8}$/.test(size)) throw new HttpError(400, "invalid", "Invalid maxResults.");
  return {
    prefix: searchParams.get("prefix") ?? "",
    delimiter: searchParams.get("delimiter") ?? "",
    after: Buffer.from(searchParams.get("pageToken") ?? "", "base64url").toString("utf8"),
    lengthMax: Math.min(Number(size), pageSizeMax),
  };
}

/** The prefix that represents all names alike up to the delimiter after the prefix. */
function groupOf(name: string, { prefix, delimiter }: ListOptions): string | null {
  if (delimiter === "") return null;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? null : name.slice(0, at + delimiter.length);
}

function isBefore(key: string, after: string): boolean {
  return after !== "" && compareBytes(key, after) <= 0;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
