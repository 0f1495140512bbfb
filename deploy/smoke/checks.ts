/** The smoke test's checks, which only a deployment can pass. docs/deploy.md lists them. */
import type { SmokeContext } from "./context.ts";
import {
  forgedKey,
  headers,
  health,
  noPlainHttp,
  ownAnswers,
  securityTxt,
  version,
} from "./edge-checks.ts";
import {
  egressAllowlist,
  egressDenied,
  ownerAndKey,
  revocation,
  sandbox,
  secret,
  shellTask,
  streaming,
} from "./task-checks.ts";
import { certificate, tlsVersions } from "./tls-checks.ts";

export interface SmokeCheck {
  readonly name: string;
  /** The promise that holds if the check passes. */
  readonly promise: string;
  /**
   * @returns What was seen, in words. @throws If the promise is broken; {@link NotTried} if it
   * couldn't be checked.
   */
  readonly run: (context: SmokeContext) => Promise<string>;
}

const check = (name: string, promise: string, run: SmokeCheck["run"]): SmokeCheck => ({
  name,
  promise,
  run,
});

/** The checks in order; those after `owner-and-key` act as the account that it makes. */
export const smokeChecks: readonly SmokeCheck[] = [
  check("health", "the API answers at its public address", health),
  check("version", "it tells which build it is", version),
  check("security-txt", "it says how to report a weakness", securityTxt),
  check("tls-versions", "TLS 1.3; nothing below 1.2, no weak cipher", tlsVersions),
  check("tls-certificate", "a trusted certificate for the domain, far from its end", certificate),
  check("no-plain-http", "nothing listens on port 80; not asked of a trial", noPlainHttp),
  check("security-headers", "every answer has them: 200, 401 and 404", headers),
  check("load-balancer-answers", "what stands before the functions answers itself", ownAnswers),
  check("forged-key", "a key that nobody issued is refused, and fast", forgedKey),
  check("owner-and-key", "the first operator makes an owner, credit and a key", ownerAndKey),
  check("shell-task", "a task runs in a job, is paid for, and within its hold", shellTask),
  check("secret", "a secret is sealed, opened for its task alone, and redacted", secret),
  check("streaming", "events arrive while the task runs", streaming),
  check("egress-denied", "without a network nothing is reached, metadata included", egressDenied),
  check("egress-allowlist", "another host than the allowed one is refused", egressAllowlist),
  check("sandbox", "each layer of isolation is there; which mode it is", sandbox),
  check("revocation", "a revoked key is dead when the call returns", revocation),
];
