/** Queries of which less than whole documents is read. */
import { FieldPath, type Query, type QuerySnapshot } from "@google-cloud/firestore";
import { filtered, type PageRequest } from "./queries.ts";

export interface PathsRequest extends Pick<PageRequest, "where" | "limit"> {
  /** The id after which to begin. */
  readonly after?: string | null;
}

/** The paths of matching documents in the order of their ids; no field is sent. */
export async function readPaths(all: Query, request: PathsRequest): Promise<readonly string[]> {
  const { after = null, limit, ...filter } = request;
  const byId = filtered(all, filter).orderBy(FieldPath.documentId());
  const rest = after === null ? byId : byId.startAfter(after);
  const { docs } = await rest.select().limit(limit).get();
  return docs.map(({ ref }) => ref.path);
}

/** The distinct texts of a field in order, each found by a query of its own. */
export async function readDistinct(
  all: Query,
  { field, max }: { readonly field: string; readonly max: number },
  run: (query: Query) => Promise<QuerySnapshot>,
): Promise<string[]> {
  const inOrder = all.orderBy(field).select(field).limit(1);
  const values: string[] = [];
  while (values.length < max) {
    const { docs } = await run(inOrder.where(field, ">", values.at(-1) ?? ""));
    const value = docs[0]?.get(field);
    if (typeof value !== "string") break;
    values.push(value);
  }
  return values;
}
