/** The kernel's files that hold a control group's limits, for cgroup v1 and v2. */
import type { SandboxLimits } from "./messages.ts";

export const controllers = ["memory", "pids", "cpu"] as const;

export type Controller = (typeof controllers)[number];

/** What a group's processes may use in all; CPU in thousandths. */
export type GroupLimits = Pick<SandboxLimits, "cpuMillis" | "memoryBytes" | "processesMax">;

export interface Setting {
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
  /** Many machines have swap accounting off, and then there is no swap to limit. */
  readonly optional?: true;
}

const periodMicros = 100_000;

/** Which value is written to which file for these limits. */
export function cgroupSettings(version: 1 | 2, limits: GroupLimits): Setting[] {
  const memory = `${limits.memoryBytes}`;
  const quotaMicros = Math.max(1_000, Math.round((limits.cpuMillis * periodMicros) / 1_000));
  const pids: Setting = { controller: "pids", file: "pids.max", value: `${limits.processesMax}` };
  if (version === 2) {
    return [
      { controller: "memory", file: "memory.max", value: memory },
      { controller: "memory", file: "memory.swap.max", value: "0", optional: true },
      pids,
      { controller: "cpu", file: "cpu.max", value: `${quotaMicros} ${periodMicros}` },
    ];
  }
  const swap = "memory.memsw.limit_in_bytes";
  return [
    { controller: "memory", file: "memory.limit_in_bytes", value: memory },
    { controller: "memory", file: swap, value: memory, optional: true },
    pids,
    { controller: "cpu", file: "cpu.cfs_period_us", value: `${periodMicros}` },
    { controller: "cpu", file: "cpu.cfs_quota_us", value: `${quotaMicros}` },
  ];
}
