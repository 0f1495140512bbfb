import { Fault } from "./fault.ts";

/**
 * Every variable that replaces an address or an identity issuer of Google's by another one. A
 * laptop needs them, and a process in Google Cloud must not accept any. A test finds names that are
 * missing.
 */
export const localOverrides = [
  "FIRESTORE_EMULATOR_HOST",
  "STORAGE_EMULATOR_HOST",
  "PADDOCK_KMS_ENDPOINT",
  "PADDOCK_RUN_ENDPOINT",
  "PADDOCK_LOGGING_ENDPOINT",
  "PADDOCK_CREDENTIALS_ENDPOINT",
  // The keys of these issuers decide who is an operator, the scheduler or a runner.
  "PADDOCK_OIDC_ISSUER",
  "PADDOCK_OIDC_JWKS_URL",
  // Runners get their ID tokens from these addresses; Google's own clients use them, too.
  "GCE_METADATA_HOST",
  "GCE_METADATA_IP",
  "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
  // The network of a sandbox, in tests.
  "PADDOCK_EGRESS_TEST",
  // Lets notifications go to this machine, in clear.
  "PADDOCK_NOTIFICATIONS_TEST",
] as const;

/** @throws {Fault} Inside Google Cloud, if one of them is set at all (OPS-9). */
export function refuseOverrides(environment: Readonly<Record<string, string | undefined>>): void {
  const inCloud = environment.K_SERVICE ?? environment.CLOUD_RUN_JOB;
  const overridden = localOverrides.find((name) => environment[name] !== undefined);
  if (inCloud !== undefined && overridden !== undefined) {
    throw new Fault(`${overridden} is for local use and refused inside Google Cloud`);
  }
}
