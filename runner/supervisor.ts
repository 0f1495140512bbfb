/** The runner's second program: unprivileged, holds the tokens, trusts nothing from the sandbox. */

import { Socket } from "node:net";
import { describeError } from "#shared/core/describe-error";
import { LauncherLine } from "./supervisor/launcher-line.ts";
import { log } from "./supervisor/log.ts";
import { readSettings } from "./supervisor/settings.ts";
import { supervise } from "./supervisor/supervise.ts";

/** Of the line to the launcher. */
const launcherDescriptor = 3;

const socket = new Socket({ fd: launcherDescriptor, readable: true, writable: true });
async function main(): Promise<number> {
  return supervise(readSettings(process.env), new LauncherLine(socket));
}

/** Of an error that nobody catches Node prints the message, which may quote what we were handed. */
process.on("uncaughtException", (error: unknown) => {
  log("ERROR", "supervisor ended by an error that nobody caught", { why: describeError(error) });
  process.exit(1);
});

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    log("ERROR", "supervisor failed", { why: describeError(error) });
    process.exit(1);
  },
);
