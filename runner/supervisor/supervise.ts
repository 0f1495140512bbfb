/** Claims an execution and runs it. An execution that it couldn't claim isn't touched. */
import { randomBytes } from "node:crypto";
import { describeError } from "#shared/core/describe-error";
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
  const [hello, idToken] = await Promise.all([
    launcher.hello(),
    fetchIdToken(settings.metadataHost, settings.gatewayAudience),
  ]);
  const gateway = new Gateway(settings.gatewayUrl, idToken);
  try {
    const runner = { version: runnerVersion, sandboxMode: claimedModes[hello.mode] };
    const claimed = await gateway.claim({
      ticket: settings.ticket,
      runner,
      claimant: randomBytes(32).toString("hex"),
    });
    const { unavailable } = hello;
    const { network } = settings;
    const secrets = await takeSecrets(claimed, network.roots);
    const deps = { gateway, launcher, network, secrets, unavailable };
    const execution = new SupervisedExecution(deps, claimed);
    process.on("SIGTERM", () => execution.shutDown());
    process.on("uncaughtException", (error) => execution.crashed(error));
    return (await execution.run()) ? 0 : 1;
  } catch (error) {
    const isStale = error instanceof GatewayError && error.isStale;
    log(isStale ? "INFO" : "ERROR", "not claimed", { executionId, why: describeError(error) });
    return isStale ? 0 : 1;
  }
}
