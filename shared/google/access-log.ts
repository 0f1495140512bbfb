/** Searches the log of requests, in the one view of it that the function may read. */
import * as z from "zod";
import { config, required } from "../config.ts";
import { type AccessCriteria, accessFilter } from "../core/audit/access-filter.ts";
import { ApiError } from "../errors/api-error.ts";
import { localEndpoint } from "./endpoint.ts";

const timeoutMs = 20_000;
/** gRPC's status code. */
const invalidArgument = 3;

let client: ReturnType<typeof connect> | undefined;

async function connect() {
  // Loaded on first use: it is large, and most instances never need it.
  const { v2: clients } = await import("@google-cloud/logging");
  const endpoint = await localEndpoint(config().PADDOCK_LOGGING_ENDPOINT);
  return new clients.LoggingServiceV2Client({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    ...endpoint,
  });
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
/** A line of `request-log.ts`. Releases may add fields. */
const Line = z.object({
  requestId: z.string(),
  method: text,
  route: text,
  address: text,
  userAgent: text,
  callerId: text,
  ownerId: text,
  authentication: text,
  reason: text,
  status: number,
  latencyMs: number,
  code: text,
});

export interface AccessEntry extends z.output<typeof Line> {
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Page {
  readonly limit: number;
  /** What an earlier page said. */
  readonly pageToken: string | null;
}

/**
 * One page of matching requests, newest first.
 * @throws {ApiError} `VALIDATION_FAILED` for a token of another search, `UNAVAILABLE`.
 */
export async function searchAccessLog(
  criteria: AccessCriteria,
  { limit, pageToken }: Page,
): Promise<{ readonly entries: readonly AccessEntry[]; readonly nextPageToken: string | null }> {
  client ??= connect();
  const request = {
    resourceNames: [required("PADDOCK_ACCESS_LOG_VIEW")],
    filter: accessFilter(config().GOOGLE_CLOUD_PROJECT, criteria),
    orderBy: "timestamp desc",
    pageSize: limit,
    pageToken: pageToken ?? "",
  };
  const options = { autoPaginate: false, timeout: timeoutMs, maxRetries: 1 };
  try {
    const answer: unknown = await (await client).listLogEntries(request, options);
    const [found, , { nextPageToken }] = Answer.parse(answer);
    const entries = found.flatMap((entry) => entryOf(entry) ?? []);
    return { entries, nextPageToken: nextPageToken || null };
  } catch (cause) {
    const isToken = pageToken !== null && Object(cause).code === invalidArgument;
    if (!isToken) throw new ApiError("UNAVAILABLE", { cause });
    const message = "The pageToken isn't one of this search.";
    throw new ApiError("VALIDATION_FAILED", { message });
  }
}

const Entry = z.object({ timestamp: z.unknown(), jsonPayload: z.unknown() });
/** The entries, the request for the next page, and the answer as it came. */
const Answer = z.tuple([
  z.array(Entry),
  z.unknown(),
  z.object({ nextPageToken: z.string().nullish() }),
]);

const Timestamp = z.object({
  seconds: z.coerce.number(),
  nanos: z.number().nullish(),
});

/** Null for a line that isn't about a request. */
function entryOf(entry: z.output<typeof Entry>): AccessEntry | null {
  const line = Line.safeParse(plain({ structValue: entry.jsonPayload }));
  const time = Timestamp.safeParse(entry.timestamp);
  if (!line.success || !time.success) return null;
  const { seconds, nanos } = time.data;
  return { ...line.data, at: seconds * 1_000 + Math.floor((nanos ?? 0) / 1e6) };
}

/** A value of protobuf's `Struct` as JSON. */
function plain(value: unknown): unknown {
  const { structValue, listValue, ...others } = Object(value) as Record<string, unknown>;
  if (structValue) {
    const { fields = {} } = Object(structValue) as { readonly fields?: Record<string, unknown> };
    return Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, plain(one)]));
  }
  if (listValue) return null;
  return others.stringValue ?? others.numberValue ?? others.boolValue ?? null;
}
