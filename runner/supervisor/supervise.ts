/** Claims an execution and runs it. An execution that it couldn't claim isn't touched. */
import { closeSync, openSync, readSync } from "node:fs";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import { claimingMsMax } from "#shared/protocol/job";
import { claimedModes } from "#shared/protocol/sandbox-mode";
import { SupervisedExecution } from "./execution.ts";
import { takeSecrets } from "./execution-secrets.ts";
import { Gateway, GatewayError } from "./gateway.ts";
import { fetchIdToken } from "./id-token.ts";
import type { LauncherLine } from "./launcher-client.ts";
import { log } from "./log.ts";
import type { SupervisorSettings } from "./settings.ts";

const runnerVersion = "1";

/** @returns The exit code: 0 if the execution is settled, or belongs to another attempt. */
export async function supervise(
  settings: SupervisorSettings,
  launcher: LauncherLine,
): Promise<number> {
  const { executionId } = settings;
  const claimUntil = Date.now() + claimingMsMax;
  const [hello, idToken] = await Promise.all([
    launcher.hello(),
    fetchIdToken(settings.metadataHost, settings.gatewayAudience),
  ]);
  const gateway = new Gateway(settings.gatewayUrl, idToken);
  try {
    const runner = { version: runnerVersion, sandboxMode: claimedModes[hello.mode] };
    const { ticket } = settings;
    const claimed = await gateway.claim({ ticket, runner, claimant: randomHex(32) }, claimUntil);
    const { unavailable } = hello;
    const { network, modelGatewayUrl } = settings;
    const secrets = await takeSecrets(claimed, network.roots);
    const deps = { gateway, launcher, network, modelGatewayUrl, secrets, unavailable };
    const execution = new SupervisedExecution(deps, claimed);
    process.on("SIGTERM", () => execution.shutDown());
    // Until now such an error ended the process. Now it ends the execution, which is settled.
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => execution.crashed(error));
    return (await execution.run()) ? 0 : 1;
  } catch (error) {
    const isStale = error instanceof GatewayError && error.isStale;
    log(isStale ? "INFO" : "ERROR", "not claimed", { executionId, why: describeError(error) });
    return isStale ? 0 : 1;
  }
}

/** From the kernel's own generator, because `node:crypto` is loaded only if it is needed. */
function randomHex(sizeBytes: number): string {
  const bytes = Buffer.alloc(sizeBytes);
  const file = openSync("/dev/urandom", "r");
  try {
    if (readSync(file, bytes) !== sizeBytes) throw new Fault("There are too few random bytes.");
  } finally {
    closeSync(file);
  }
  return bytes.toString("hex");
}
