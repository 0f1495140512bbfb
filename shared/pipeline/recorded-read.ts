/** What the routes that show a trail have in common: nothing is shown before it is recorded. */

import type * as z from "zod";
import { allInOrder } from "../errors/all-in-order.ts";
import { requireAllEnvironments } from "../keys/environment-bounds.ts";
import { type AuditRoute, findRecordedRead, type RecordedRead, recordRead } from "./record-read.ts";
import {
  type ActionRoute,
  action,
  type Context,
  type ReadContext,
  type Reply,
  type Route,
} from "./route.ts";

interface RecordedReadSpec<P, Q, D>
  extends Pick<Route, "endpoint" | "summary" | "reply" | "refusals" | "needsToo"> {
  /** What the row of the read calls the route. */
  readonly name: AuditRoute;
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  readonly read: (context: ReadContext<"api-key", P, Q, unknown>) => Promise<D>;
  readonly answer: (
    context: Context<"api-key", P, Q, unknown> & { readonly data: D },
  ) => Promise<Reply> | Reply;
  /** The filters of the request, by which the owner sees what was looked for. */
  readonly filtersIn?: (query: Q) => readonly string[];
}

/**
 * A route that shows the caller's trail. It is an action, because the row of the read is written
 * without a change, and before the answer: if it can't be, the read is refused (AUD-6).
 */
export function recordedRead<P, Q, D>({
  name: route,
  read,
  answer,
  filtersIn = () => [],
  ...stated
}: RecordedReadSpec<P, Q, D>): ActionRoute {
  return action<"api-key", P, Q, unknown, { recorded: RecordedRead; data: D }>({
    ...stated,
    authenticate: "api-key",
    scope: "audit:read",
    body: "none",
    bodyBytesMax: 0,
    requestClass: "reads",
    beforeConfirmed: "reads",
    read: async (context) => {
      const { caller, deps } = context;
      // The trail is the whole account's, and its rows name what the key may not know of.
      requireAllEnvironments(caller.owner, "The trail has rows of all environments.");
      const [recorded, data] = await allInOrder([
        findRecordedRead(deps.store, { caller, route }),
        read(context),
      ]);
      return { recorded, data };
    },
    perform: async ({ data: { recorded, data }, ...context }) => {
      const { caller, request, now, query, deps } = context;
      const filters = filtersIn(query).toSorted().join(" ");
      await recordRead(deps, { caller, route, request, now, filters }, recorded);
      return await answer({ ...context, data });
    },
  });
}
