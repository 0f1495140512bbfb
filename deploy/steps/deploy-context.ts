/** The context that every step of a deployment gets. */
import type { Clock } from "../clock.ts";
import type { GoogleApi } from "../google/api.ts";
import type { Credentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";
import { startingPoint } from "../preflight/preflight.ts";
import { need } from "./apply.ts";

export interface DeployContext {
  readonly options: DeployOptions;
  readonly google: GoogleApi;
  readonly credentials: Credentials;
  readonly endpoint: string | null;
  readonly clock: Clock;
  readonly member: string;
}

/** What a step gets that asks Google about the project alone. */
export type ProjectAt = Pick<DeployContext, "google"> & {
  readonly options: Pick<DeployOptions, "project">;
};

export const noCredentials = "No Google credentials found.";

/** Signs in with the current credentials and checks nothing. @throws {Stop} without credentials. */
export function signedIn(options: DeployOptions): Omit<DeployContext, "member"> {
  const start = startingPoint(options);
  const credentials = need(start.credentials, noCredentials);
  return { ...start, credentials, google: need(start.google, noCredentials) };
}
