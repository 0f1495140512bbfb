import { Fault } from "./fault.ts";

/**
 * Every variable that says where something is found instead of where Google has it, or who is
 * believed instead of Google: all that a laptop needs, and nothing that a process in Google Cloud
 * may take. A test looks for names that are missing here.
 */
export const localOverrides = [
  "FIRESTORE_EMULATOR_HOST",
  "STORAGE_EMULATOR_HOST",
  "PADDOCK_KMS_ENDPOINT",
  "PADDOCK_RUN_ENDPOINT",
  // Their keys say who is an operator, the scheduler or a runner.
  "PADDOCK_OIDC_ISSUER",
  "PADDOCK_OIDC_JWKS_URL",
  // They are asked for the identity that a runner shows; Google's own clients look at them, too.
  "GCE_METADATA_HOST",
  "GCE_METADATA_IP",
  "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
  // The network of a sandbox, in tests.
  "PADDOCK_EGRESS_TEST",
] as const;

/** @throws {Fault} Inside Google Cloud, if one of them is set at all (OPS-9). */
export function refuseOverrides(environment: Readonly<Record<string, string | undefined>>): void {
  const inCloud = environment.K_SERVICE ?? environment.CLOUD_RUN_JOB;
  const overridden = localOverrides.find((name) => environment[name] !== undefined);
  if (inCloud !== undefined && overridden !== undefined) {
    throw new Fault(`${overridden} is for local use and refused inside Google Cloud`);
  }
}
