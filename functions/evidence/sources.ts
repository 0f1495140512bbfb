/** What evidence is made from. */
import type { SignedLog } from "#shared/audit/read-proven-head";
import { dayMs } from "#shared/core/retention/periods";
import { retention } from "#shared/core/retention/retention-table";
import type { Owner } from "#shared/identity/owner";
import type { Execution } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";

export interface Sources {
  readonly store: ReadStore;
  readonly owner: Owner;
  readonly log: SignedLog;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Why its logs can't be had any more, although there may have been some; null if they can. */
export function whyLogsAreGone({ createdAt }: Execution, now: number): string | null {
  const { keptMs } = retention.executionLogs;
  if (now < createdAt + keptMs) return null;
  return `Logs of executions are kept for ${keptMs / dayMs} days.`;
}
