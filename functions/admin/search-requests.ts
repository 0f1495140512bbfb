import * as z from "zod";
import { iso, noParams, noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import type { AccessCriteria } from "#shared/core/audit/access-filter";
import { idSchema } from "#shared/core/ids";
import { dayMs } from "#shared/core/retention/periods";
import { retention } from "#shared/core/retention/retention-table";
import { ApiError } from "#shared/errors/api-error";
import { type AccessEntry, searchAccessLog } from "#shared/google/access-log";
import { operatorRef } from "#shared/identity/operators";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { unchanged } from "#shared/store/documents";

const text = z.string().nullable();
const Entry = z.object({
  at: z.string(),
  requestId: z.string(),
  method: text,
  route: text,
  address: text,
  userAgent: text,
  keyId: text,
  userId: text,
  /** `accepted`, `refused`, or `none` for a route without one. */
  authentication: text,
  reason: text,
  status: z.number().nullable(),
  latencyMs: z.number().nullable(),
  code: text,
});

/** A body, because addresses are personal and the load balancer logs URLs. */
const Search = exactObject({
  keyId: idSchema("apiKey").optional(),
  userId: idSchema("owner").optional(),
  address: z.union([z.ipv4(), z.ipv6()], "must be an IPv4 or IPv6 address").optional(),
  requestId: z.string().min(1).max(200).optional(),
  status: z.int().min(100).max(599).optional(),
  /** The last day, if nothing is said. */
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  limit: z.int().min(1).max(200).default(50),
  pageToken: z.string().min(1).max(4_096).optional(),
});

/** A change, because the row about the search is committed before anything is found. */
export const searchRequests = change({
  endpoint: "POST /v1/admin/access-log/search",
  summary: "Search the log of requests by key, account, address, status and time; auditors alone.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: Search,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "access_log.searched",
  refusals: ["FORBIDDEN"],
  reply: { 200: z.object({ data: z.array(Entry), nextPageToken: z.string().nullable() }) },
  read: async ({ caller, deps }) => {
    const message = "Only auditors search the log of requests; another operator makes you one.";
    if (!caller.isAuditor) throw new ApiError("FORBIDDEN", { message });
    return await deps.store.get(operatorRef(caller.email));
  },
  actsOn: () => operatorsTrail(),
  /** @throws {ApiError} `VALIDATION_FAILED` for a search of everything, or of no time. */
  decide({ caller, body, data, now }) {
    const criteria = criteriaOf(body, now);
    const { keyId, userId, status, address, requestId, from, until } = criteria;
    const times = { from: iso(from), to: iso(until), isFirstPage: body.pageToken === undefined };
    return {
      writes: [unchanged(data)],
      subject: keyId ?? userId ?? caller.id,
      // An address is personal, so the row says only that one was asked for.
      facts: { keyId, userId, status, byAddress: address !== null, requestId, ...times },
      reply: ok({ data: [], nextPageToken: null }),
      criteria,
    };
  },
  promisesAfter: true,
  answerAfter: async ({ body: { limit, pageToken = null }, decided: { criteria } }) => {
    const { entries, nextPageToken } = await searchAccessLog(criteria, { limit, pageToken });
    return ok({ data: entries.map(entryBody), nextPageToken });
  },
});

function criteriaOf(body: z.output<typeof Search>, now: number): AccessCriteria {
  const { keyId = null, userId = null, address = null, requestId = null, status = null } = body;
  const until = body.to === undefined ? now : Date.parse(body.to);
  const from = body.from === undefined ? until - dayMs : Date.parse(body.from);
  const named = [keyId, userId, address, requestId, status];
  if (named.every((one) => one === null)) {
    const message = "Name a keyId, userId, address, requestId or status to search by.";
    throw new ApiError("VALIDATION_FAILED", { message });
  }
  if (from >= until || until - from > retention.accessLogs.keptMs) {
    throw new ApiError("VALIDATION_FAILED", {
      message: "from must be before to, by 90 days at most.",
    });
  }
  return { keyId, userId, address, requestId, status, from, until };
}

function entryBody({ at, callerId, ownerId, ...entry }: AccessEntry): z.output<typeof Entry> {
  return { at: iso(at), ...entry, keyId: callerId, userId: ownerId };
}
