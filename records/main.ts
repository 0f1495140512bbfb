/** `npm run check:records`: exits with 1 if a record is missing or too old. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import colours from "picocolors";
import { readArguments, refuse } from "../scripts/tools/options.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { Records, recordFault } from "./find-record-faults.ts";

const usage = `
npm run check:records -- [file]: whether penetration tests, assessments, reviews, training and
drills are on record and young enough. Without a file: records/records.json.

  --help   this text`;

const [given, ...rest] = readArguments(usage, {}).positionals;
if (rest.length > 0) refuse("Name one file of records.");
const path = given === undefined ? join(repositoryRoot, "records/records.json") : resolve(given);
const hasReport = (report: string) => existsSync(join(dirname(path), report));
const records = readRecords();
const width = Math.max(...records.map(({ kind }) => kind.length));
for (const record of records) {
  const fault = recordFault(record, Date.now(), hasReport);
  const mark = fault === null ? colours.green("✓") : colours.red("✗");
  const said = fault ?? `${record.last?.on}, ${record.last?.by}`;
  console.log(`${mark} ${record.kind.padEnd(width)}  ${said}`);
  if (fault !== null) process.exitCode = 1;
}

function readRecords() {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return refuse(`${path} can't be read as JSON.`);
  }
  const parsed = Records.safeParse(stored);
  if (parsed.success && parsed.data.length > 0) return parsed.data;
  return refuse(`${path} isn't a list of records as docs/records.md describes them.`);
}
