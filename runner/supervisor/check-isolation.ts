/**
 * Decides from the probe's report whether every wall of the sandbox holds. A wall that isn't proven
 * counts as missing, and then nothing runs.
 */
import type { Limits } from "#shared/protocol/runner";
import { denialNames, factNames } from "../init/messages.ts";
import type { Started } from "../launcher/messages.ts";
import type { ProbeReport } from "./init-connection.ts";

export interface Proof {
  readonly report: ProbeReport;
  readonly started: Started;
  readonly limits: Limits;
  readonly sandboxUid: number;
}

/** File systems count in pages, `ulimit` in blocks. */
const pageBytes = 4_096;

/** @returns A phrase for each wall that is missing; empty if all are proven. */
export function missingWalls({ report, started, limits, sandboxUid }: Proof): string[] {
  const missing: string[] = [];
  for (const name of denialNames) {
    const seen = report.denials[name];
    if (seen !== true) missing.push(`${name}: ${seen ?? "not proven"}`);
  }
  for (const name of started.sharedNamespaces) missing.push(`${name} namespace: the host's own`);
  const facts = new Map(Object.entries(report.facts));
  for (const name of factNames) if (!facts.has(name)) missing.push(`${name}: not reported`);
  const atMost = (name: string, max: number, value = facts.get(name) ?? -1) => {
    if (!(value > 0 && value <= max)) missing.push(`${name}: ${value}, not 1 to ${max}`);
  };
  for (const name of ["uid", "gid"]) {
    if (facts.get(name) !== sandboxUid) missing.push(`${name}: ${facts.get(name)}`);
  }
  atMost("workspaceBytes", limits.workspaceBytes + pageBytes);
  atMost("workspaceInodesMax", limits.workspaceInodesMax);
  atMost("tmpBytes", limits.tmpBytes + pageBytes);
  atMost("openFilesMax", limits.openFilesMax);
  atMost("fileBytesMax", limits.fileBytesMax);
  atMost("memoryBytes", limits.memoryBytes, started.memoryBytes);
  const counted = started.limitedBy === "cgroup" ? started.processesMax : facts.get("processesMax");
  atMost("processesMax", limits.processesMax, counted);
  return missing;
}
