/** What the launcher reads from its environment; the defaults fit the runner's image. */
import { Fault } from "#shared/core/fault";
import { refuseOverrides } from "#shared/core/local-overrides";
import { jobEnvironment } from "#shared/protocol/job";
import { type SandboxMode, sandboxModes } from "#shared/protocol/sandbox-mode";

export interface LauncherSettings {
  /** A folder for this execution only. */
  readonly scratch: string;
  readonly supervisorUid: number;
  readonly sandboxUid: number;
  /** The parent of the group, relative to the hierarchies; null for the process's own group. */
  readonly cgroup: string | null;
  /** Null means to find out. A machine that starts many launchers finds it once for all. */
  readonly mode: SandboxMode | null;
  readonly insideCloudRun: boolean;
  /** The complete environment of the supervisor. */
  readonly forSupervisor: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws {Error} If a setting is malformed. */
export function readSettings(environment: Variables): LauncherSettings {
  const uids = /^(\d{3,10}):(\d{3,10})$/.exec(environment.PADDOCK_UIDS ?? "20001:20002");
  if (uids === null || uids[1] === uids[2]) throw new Fault("PADDOCK_UIDS isn't two uids.");
  const requested = environment.PADDOCK_SANDBOX_MODE ?? "";
  const mode = sandboxModes.find((name) => name === requested) ?? null;
  if (mode === null && requested !== "")
    throw new Fault(`PADDOCK_SANDBOX_MODE isn't ${sandboxModes.join(" or ")}.`);
  refuseOverrides(environment);
  const scratch = environment.PADDOCK_SCRATCH ?? "/run/paddock";
  if (!/^(\/[\w.-]+)+$/.test(scratch)) throw new Fault("PADDOCK_SCRATCH isn't a plain path.");
  return {
    scratch,
    supervisorUid: Number(uids[1]),
    sandboxUid: Number(uids[2]),
    cgroup: environment.PADDOCK_CGROUP ?? null,
    mode,
    insideCloudRun: environment.CLOUD_RUN_EXECUTION !== undefined,
    forSupervisor: supervisorEnvironment(environment),
  };
}

/** The parts of the launcher's environment that the supervisor may know. */
function supervisorEnvironment(environment: Variables): Record<string, string> {
  const names = [
    "PADDOCK_EXECUTION_ID",
    "PADDOCK_TICKET",
    "PADDOCK_GATEWAY_URL",
    jobEnvironment.modelGatewayUrl,
    "PADDOCK_GATEWAY_AUDIENCE",
    "GCE_METADATA_HOST",
    jobEnvironment.ownProject,
    jobEnvironment.testNetwork,
  ];
  const named = names.map((name): [string, string] => [name, environment[name] ?? ""]);
  return Object.fromEntries(named.filter(([, value]) => value !== ""));
}
