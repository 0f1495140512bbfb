import { randomUUID } from "node:crypto";
import * as z from "zod";
import { invalid, notOffered } from "../lib/grpc.ts";
import { Seconds, toSeconds } from "../lib/protobuf.ts";

export const severities = [
  "DEFAULT",
  "DEBUG",
  "INFO",
  "NOTICE",
  "WARNING",
  "ERROR",
  "CRITICAL",
  "ALERT",
  "EMERGENCY",
] as const;

/** The service's limit for an entry. */
const entryBytesMax = 256 * 1024;

const Labels = z.record(z.string().max(512), z.string().max(65_536));
const Resource = z.object({ type: z.string(), labels: Labels.default({}) });

/** A stored entry: defaults filled in, payload in protobuf's own JSON-like shape. */
export const LogEntry = z.looseObject({
  logName: z.string().regex(/^projects\/[^/]+\/logs\/[^/]{1,512}$/),
  resource: Resource,
  timestamp: Seconds,
  receiveTimestamp: Seconds,
  severity: z.enum(severities),
  insertId: z.string(),
  labels: Labels,
});
export type LogEntry = z.infer<typeof LogEntry>;

export const WriteRequest = z.object({
  logName: z.string().default(""),
  resource: Resource.nullish(),
  labels: Labels.default({}),
  entries: z.array(z.looseObject({ labels: Labels.default({}) })).max(1_000),
  dryRun: z.boolean().default(false),
});
export type WriteRequest = z.output<typeof WriteRequest>;

/**
 * The entries of a request, with its common fields; none is taken if one is refused.
 *
 * @throws {RpcError} INVALID_ARGUMENT, UNIMPLEMENTED.
 */
export function readEntries(request: WriteRequest, nowMs: number): LogEntry[] {
  return request.entries.map((entry) => {
    if ("protoPayload" in entry) throw notOffered("A protoPayload");
    const read = LogEntry.safeParse({
      severity: "DEFAULT",
      timestamp: toSeconds(nowMs),
      ...entry,
      insertId: entry.insertId || randomUUID(),
      logName: entry.logName || request.logName,
      resource: entry.resource ?? request.resource,
      labels: { ...request.labels, ...entry.labels },
      receiveTimestamp: toSeconds(nowMs),
    });
    if (!read.success) throw invalid(z.prettifyError(read.error));
    if (JSON.stringify(read.data).length > entryBytesMax) {
      throw invalid(`An entry is larger than ${entryBytesMax} bytes.`);
    }
    return read.data;
  });
}
