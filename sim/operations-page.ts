/** A request's reads and writes, from the page of measured numbers, which is their only source. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../scripts/tools/repository.ts";

export interface Operations {
  readonly reads: number;
  readonly writes: number;
}

const page = "docs/operations.md";

/** @throws if the page lacks a row for one of them. */
export function readOperations() {
  const rows = new Map<string, Operations>();
  for (const line of readFileSync(join(repositoryRoot, page), "utf8").split("\n")) {
    const row = /^\| ([^|]+) \| (\d+) \| (\d+) \| \d+ \|/.exec(line);
    if (row?.[1]) rows.set(row[1].trim(), { reads: Number(row[2]), writes: Number(row[3]) });
  }
  const of = (request: string) => {
    const found = rows.get(request);
    if (!found) throw new Error(`${page} has no row "${request}"`);
    return found;
  };
  return {
    start: of("start an execution"),
    claim: of("claim"),
    settle: of("settle"),
    heartbeat: of("heartbeat"),
    renewal: of("heartbeat that renews a slice"),
  };
}
