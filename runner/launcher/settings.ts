/** What the launcher is told by its environment; the defaults fit the runner's image. */
import { Fault } from "#shared/core/fault";
import { jobEnvironment } from "#shared/protocol/job";
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";

export interface LauncherSettings {
  /** A folder of this execution alone. */
  readonly scratch: string;
  readonly supervisorUid: number;
  readonly sandboxUid: number;
  /** Below which a group may be made, relative to the hierarchies; null for the process's own. */
  readonly cgroup: string | null;
  /** Null: probe. */
  readonly mode: SandboxMode | null;
  readonly insideCloudRun: boolean;
  /** All that the supervisor's own environment holds. */
  readonly forSupervisor: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws {Error} When a setting isn't of its form. */
export function readSettings(environment: Variables): LauncherSettings {
  const uids = /^(\d{3,10}):(\d{3,10})$/.exec(environment.PADDOCK_UIDS ?? "20001:20002");
  if (uids === null || uids[1] === uids[2]) throw new Fault("PADDOCK_UIDS isn't two uids.");
  const requested = environment.PADDOCK_SANDBOX_MODE ?? "";
  const mode = sandboxModes.find((name) => name === requested) ?? null;
  if (mode === null && requested !== "")
    throw new Fault(`PADDOCK_SANDBOX_MODE isn't ${sandboxModes.join(" or ")}.`);
  if (
    environment.CLOUD_RUN_JOB !== undefined &&
    environment[jobEnvironment.testNetwork] !== undefined
  ) {
    throw new Fault(`${jobEnvironment.testNetwork} is for tests.`);
  }
  const scratch = environment.PADDOCK_SCRATCH ?? "/run/paddock";
  if (!/^(\/[\w.-]+)+$/.test(scratch)) throw new Fault("PADDOCK_SCRATCH isn't a plain path.");
  return {
    scratch,
    supervisorUid: Number(uids[1]),
    sandboxUid: Number(uids[2]),
    cgroup: environment.PADDOCK_CGROUP ?? null,
    mode,
    insideCloudRun: environment.CLOUD_RUN_JOB !== undefined,
    forSupervisor: supervisorEnvironment(environment),
  };
}

/** What the supervisor may know of the launcher's environment. */
function supervisorEnvironment(environment: Variables): Record<string, string> {
  const names = [
    "PADDOCK_EXECUTION_ID",
    "PADDOCK_TICKET",
    "PADDOCK_GATEWAY_URL",
    "PADDOCK_GATEWAY_AUDIENCE",
    "GCE_METADATA_HOST",
    jobEnvironment.testNetwork,
  ];
  const named = names.map((name): [string, string] => [name, environment[name] ?? ""]);
  return Object.fromEntries(named.filter(([, value]) => value !== ""));
}
