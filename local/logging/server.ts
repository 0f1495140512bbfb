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
import { type Filter, parseFilter } from "./filter.ts";
import { type LogEntry, readEntries, WriteRequest } from "./log-entry.ts";
import { LogFiles } from "./log-files.ts";
import { type PrintedLogs, readPrinted } from "./printed-logs.ts";

/** The most entries that a listing may match, because it is sorted in memory. */
const matchesMax = 100_000;
const pageSizeDefault = 50;
const pageSizeMax = 1_000;

export interface LoggingOptions {
  /** Entries are appended to `logs/YYYY-MM-DD.jsonl` in it. */
  readonly dataFolder: string;
  readonly port?: number | undefined;
  /** Views by their full name; who asks for one sees what its filter shows, and nothing else. */
  readonly views?: Readonly<Record<string, string>>;
  /** What functions print, which the platform takes for entries without being asked. */
  readonly printed?: PrintedLogs;
}

/** Starts Cloud Logging on loopback: it appends and lists, and never deletes. */
export async function startLogging(options: LoggingOptions): Promise<GrpcServer> {
  const files = new LogFiles(join(options.dataFolder, "logs"));
  const service = loadService("@google-cloud/logging-api", "google.logging.v2.LoggingServiceV2");
  return await startGrpcServer(service, loggingService({ files, ...options }), options.port);
}

const ListRequest = z.object({
  resourceNames: z.array(z.string()).min(1).max(100),
  filter: z.string().default(""),
  orderBy: z.enum(["", "timestamp asc", "timestamp desc"]).default(""),
  pageSize: z.int().min(0).default(0),
  pageToken: z.string().default(""),
});

interface Source extends Pick<LoggingOptions, "views" | "printed"> {
  readonly files: LogFiles;
}

function loggingService(source: Source): UntypedServiceImplementation {
  const { files } = source;
  return {
    WriteLogEntries: unary(WriteRequest, async (request) => {
      const nowMs = Date.now();
      const entries = readEntries(request, nowMs);
      if (!request.dryRun) await files.append(entries, nowMs);
      return {};
    }),
    ListLogEntries: unary(ListRequest, (request) => listEntries(source, request)),
    DeleteLog: unary(z.object({}), () => {
      throw new RpcError(status.PERMISSION_DENIED, "Logs are append-only.");
    }),
  };
}

async function listEntries(source: Source, request: z.output<typeof ListRequest>) {
  const matches = await collect(source, request);
  // Entries of one millisecond are in the order in which they were written.
  matches.sort((a, b) => toMs(a.timestamp) - toMs(b.timestamp));
  if (request.orderBy === "timestamp desc") matches.reverse();
  const page = pageOf(matches, {
    token: request.pageToken,
    size: request.pageSize || pageSizeDefault,
    sizeMax: pageSizeMax,
  });
  if (page === null) throw invalid("The page token is not valid.");
  return { entries: page.items, nextPageToken: page.nextPageToken };
}

async function collect(source: Source, request: z.output<typeof ListRequest>) {
  const filter = parseFilter(request.filter);
  const shown = request.resourceNames.map((name) => resource(name, source.views ?? {}));
  const matches = new Map<string, LogEntry>();
  for await (const entry of allOf(source)) {
    const isAsked = shown.some((shows) => shows(entry));
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

async function* allOf({ files, printed }: Source): AsyncGenerator<LogEntry> {
  yield* files.read();
  if (printed) yield* readPrinted(printed);
}

/** What a project or a view shows. @throws {RpcError} NOT_FOUND for a view that isn't there. */
function resource(name: string, views: Readonly<Record<string, string>>): Filter {
  const [, project, view] =
    /^projects\/([^/]+)(\/locations\/[^/]+\/buckets\/.+)?$/.exec(name) ?? [];
  if (project === undefined) throw invalid(`Not a project or a view: ${name}`);
  const isOfProject = (entry: LogEntry) => entry.logName.startsWith(`projects/${project}/logs/`);
  if (view === undefined) return isOfProject;
  const filter = Object.hasOwn(views, name) ? views[name] : undefined;
  if (filter === undefined) throw new RpcError(status.NOT_FOUND, `There is no view ${name}.`);
  const shows = parseFilter(filter);
  return (entry) => isOfProject(entry) && shows(entry);
}
