import type { EnvironmentCreate, EnvironmentUpdate } from "../contract/environment.ts";
import { asksForNothing } from "../contract/unsupported.ts";

/**
 * Whether later executions run a field, or a model obeys it. Network and secrets have rights of
 * their own, and the rest is how an environment is called and how much it may use.
 */
const runs: Readonly<Record<keyof EnvironmentCreate, boolean>> = {
  name: false,
  description: false,
  metadata: false,
  isDefault: false,
  secrets: false,
  network: false,
  internetAccess: false,
  computeProfile: false,
  guiEnabled: false,
  officeAppsEnabled: false,
  baseImage: false,
  projectId: false,
  config: false,
  setupScripts: true,
  dockerfileExtensions: true,
  packages: true,
  runtimes: true,
  // Some of them name what a shell or a linker loads.
  environmentVariables: true,
  mcpServers: true,
  documentation: true,
};

/** Whether the body puts something there that later executions run; taking it away doesn't. */
export function setsWhatRuns(body: EnvironmentCreate | EnvironmentUpdate): boolean {
  return Object.entries(body).some(
    ([field, value]) => Reflect.get(runs, field) !== false && !asksForNothing(value),
  );
}
