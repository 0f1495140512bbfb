import { join } from "node:path";
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import * as z from "zod";
import {
  type GrpcServer,
  invalid,
  loadService,
  RpcError,
  startGrpcServer,
  unary,
} from "../lib/grpc.ts";
import { pageOf, toMs } from "../lib/protobuf.ts";
import { parseFilter } from "./filter.ts";
import { type LogEntry, readEntries, WriteRequest } from "./log-entry.ts";
import { LogFiles } from "./log-files.ts";

/** The most entries that a listing may match, because it is sorted in memory. */
const matchesMax = 100_000;
const pageSizeDefault = 50;
const pageSizeMax = 1_000;

export interface LoggingOptions {
  /** Entries are appended to `logs/YYYY-MM-DD.jsonl` in it. */
  readonly dataFolder: string;
  readonly port?: number | undefined;
}

/** Starts Cloud Logging on loopback: it appends and lists, and never deletes. */
export async function startLogging(options: LoggingOptions): Promise<GrpcServer> {
  const files = new LogFiles(join(options.dataFolder, "logs"));
  const service = loadService("@google-cloud/logging-api", "google.logging.v2.LoggingServiceV2");
  return await startGrpcServer(service, loggingService(files), options.port);
}

const ListRequest = z.object({
  resourceNames: z.array(z.string()).min(1).max(100),
  filter: z.string().default(""),
  orderBy: z.enum(["", "timestamp asc", "timestamp desc"]).default(""),
  pageSize: z.int().min(0).default(0),
  pageToken: z.string().default(""),
});

function loggingService(files: LogFiles): UntypedServiceImplementation {
  return {
    WriteLogEntries: unary(WriteRequest, async (request) => {
      const nowMs = Date.now();
      const entries = readEntries(request, nowMs);
      if (!request.dryRun) await files.append(entries, nowMs);
      return {};
    }),
    ListLogEntries: unary(ListRequest, (request) => listEntries(files, request)),
    DeleteLog: unary(z.object({}), () => {
      throw new RpcError(status.PERMISSION_DENIED, "Logs are append-only.");
    }),
  };
}

async function listEntries(files: LogFiles, request: z.output<typeof ListRequest>) {
  const matches = await collect(files, request);
  const direction = request.orderBy === "timestamp desc" ? -1 : 1;
  matches.sort((a, b) => direction * (toMs(a.timestamp) - toMs(b.timestamp)));
  const page = pageOf(matches, {
    token: request.pageToken,
    size: request.pageSize || pageSizeDefault,
    sizeMax: pageSizeMax,
  });
  if (page === null) throw invalid("The page token is not valid.");
  return { entries: page.items, nextPageToken: page.nextPageToken };
}

async function collect(files: LogFiles, request: z.output<typeof ListRequest>) {
  const filter = parseFilter(request.filter);
  const prefixes = request.resourceNames.map((name) => {
    if (!/^projects\/[^/]+$/.test(name)) throw invalid(`Not a project: ${name}`);
    return `${name}/logs/`;
  });
  const matches = new Map<string, LogEntry>();
  for await (const entry of files.read()) {
    const isAsked = prefixes.some((prefix) => entry.logName.startsWith(prefix));
    if (!isAsked || !filter(entry)) continue;
    // An entry that a retry wrote twice counts as one.
    matches.set(JSON.stringify([entry.logName, entry.timestamp, entry.insertId]), entry);
    if (matches.size > matchesMax) {
      const message = `More than ${matchesMax} entries match: narrow the filter.`;
      throw new RpcError(status.RESOURCE_EXHAUSTED, message);
    }
  }
  return [...matches.values()];
}
