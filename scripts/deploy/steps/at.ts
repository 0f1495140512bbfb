/** What every step of a deployment has at hand. */
import type { GoogleApi } from "../google/api.ts";
import type { Credentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";

export interface StepAt {
  readonly options: DeployOptions;
  readonly google: GoogleApi;
  readonly credentials: Credentials;
  readonly endpoint: string | null;
  readonly member: string;
}
