/** The supported part of the Logging query language: comparisons joined by AND. */
import * as z from "zod";
import { invalid } from "../lib/grpc.ts";
import { toMs } from "../lib/protobuf.ts";
import { type LogEntry, severities } from "./log-entry.ts";

export type Filter = (entry: LogEntry) => boolean;

const label = /labels\.(?:[\w-]+|"[\w./-]+")/;
const payload = /jsonPayload(?:\.\w+){1,5}/;
const field = `(?<field>logName|severity|timestamp|resource\\.type|${label.source}|${payload.source})`;
const value = /(?<value>"(?:[^"\\]|\\["\\])*"|[\w.:/%-]+)/;
const term = new RegExp(
  `\\s*${field}\\s*(?<operator>>=|<|=)\\s*${value.source}\\s*(?:(?<and>AND)\\s|$)`,
  "y",
);
const lengthMax = 20_000;

/**
 * Parses `logName=`, `labels.KEY=`, `jsonPayload.FIELD=`, `severity>=`, `timestamp>=`,
 * `timestamp<` and `resource.type=`, joined by AND.
 *
 * @throws {RpcError} INVALID_ARGUMENT for anything else, so that no filter is half understood.
 */
export function parseFilter(text: string): Filter {
  if (text.length > lengthMax) throw invalid(`The filter is longer than ${lengthMax} characters.`);
  const filters: Filter[] = [];
  term.lastIndex = 0;
  for (let more = text.trim() !== ""; more; ) {
    const at = term.lastIndex;
    const { and, ...found } = term.exec(text)?.groups ?? {};
    if (found.field === undefined || found.value === undefined) {
      throw invalid(`Unsupported filter at ${at}: ${text.slice(at, at + 40)}`);
    }
    filters.push(comparison(found.field, found.operator ?? "", unquote(found.value)));
    more = and !== undefined;
  }
  return (entry) => filters.every((filter) => filter(entry));
}

function comparison(field: string, operator: string, value: string): Filter {
  switch (`${field.split(".")[0]}${operator}`) {
    case "logName=":
      return (entry) => entry.logName === value;
    case "resource=":
      return (entry) => entry.resource.type === value;
    case "labels=": {
      const label = unquote(field.slice("labels.".length));
      return (entry) => Object.hasOwn(entry.labels, label) && entry.labels[label] === value;
    }
    case "jsonPayload=": {
      const path = field.split(".").slice(1);
      return (entry) => payloadText(entry, path) === value;
    }
    case "severity>=": {
      const severity = z.enum(severities).safeParse(value);
      if (!severity.success) throw invalid(`Unknown severity: ${value}`);
      const least = severities.indexOf(severity.data);
      return (entry) => severities.indexOf(entry.severity) >= least;
    }
    case "timestamp>=": {
      const leastMs = Date.parse(value);
      if (Number.isNaN(leastMs)) throw invalid(`Not a time: ${value}`);
      return (entry) => toMs(entry.timestamp) >= leastMs;
    }
    case "timestamp<": {
      const endMs = Date.parse(value);
      if (Number.isNaN(endMs)) throw invalid(`Not a time: ${value}`);
      return (entry) => toMs(entry.timestamp) < endMs;
    }
    default:
      throw invalid(`Unsupported comparison: ${field}${operator}`);
  }
}

/** A protobuf value to compare, or a structure to look into. */
const Value = z.looseObject({
  stringValue: z.string().optional(),
  numberValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  structValue: z.unknown().optional(),
});
const Struct = z.object({ fields: z.record(z.string(), Value) });

/** A field's value as a filter would write it; undefined if the field is missing. */
function payloadText(entry: LogEntry, path: readonly string[]): string | undefined {
  let within: unknown = entry.jsonPayload;
  for (const [depth, name] of path.entries()) {
    const struct = Struct.safeParse(within);
    const found = struct.success ? struct.data.fields[name] : undefined;
    if (found === undefined) return undefined;
    if (depth === path.length - 1) {
      const plain = found.stringValue ?? found.numberValue ?? found.boolValue;
      return plain === undefined ? undefined : String(plain);
    }
    within = found.structValue;
  }
  return undefined;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
}
