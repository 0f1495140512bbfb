/**
 * What functions print to stdout, as the entries that Cloud Logging makes of it. It is read from
 * the files that the functions' host writes, so it costs nothing until somebody asks for it.
 */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { toSeconds } from "../lib/protobuf.ts";
import { LogEntry, severities } from "./log-entry.ts";

export interface PrintedLogs {
  /** Each function has a file `NAME.jsonl` in it, with `timestamp` in each line. */
  readonly folder: string;
  readonly functions: readonly string[];
  readonly projectId: string;
}

const Line = z.looseObject({
  timestamp: z.iso.datetime(),
  severity: z.enum(severities).default("DEFAULT"),
});

export async function* readPrinted(logs: PrintedLogs): AsyncGenerator<LogEntry> {
  const { folder, functions, projectId } = logs;
  const there = new Set(await readdir(folder).catch(() => []));
  for (const name of functions.filter((each) => there.has(`${each}.jsonl`))) {
    const input = createReadStream(join(folder, `${name}.jsonl`));
    let number = 0;
    for await (const text of createInterface({ input })) {
      number += 1;
      const line = parsed(text);
      if (!line) continue;
      const { timestamp, severity, ...fields } = line;
      const at = toSeconds(Date.parse(timestamp));
      yield LogEntry.parse({
        logName: `projects/${projectId}/logs/run.googleapis.com%2Fstdout`,
        resource: { type: "cloud_run_revision", labels: { service_name: name } },
        timestamp: at,
        receiveTimestamp: at,
        severity,
        insertId: `${name}-${number}`,
        labels: {},
        payload: "jsonPayload",
        jsonPayload: { fields: structOf(fields) },
      });
    }
  }
}

/** Null for a line that is still being written, or that an earlier release wrote. */
function parsed(text: string): z.output<typeof Line> | null {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function structOf(fields: object): Record<string, object> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, protobufOf(value)]),
  );
}

function protobufOf(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(protobufOf) } };
  if (typeof value === "object" && value !== null) {
    return { structValue: { fields: structOf(value) } };
  }
  return { nullValue: 0 };
}
