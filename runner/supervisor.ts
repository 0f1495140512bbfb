/** The runner's second program: unprivileged, holds the tokens, trusts nothing from the sandbox. */
import "./supervisor/plain-schemas.ts";
import { Socket } from "node:net";
import { LauncherLine } from "./supervisor/launcher-line.ts";
import { log, messageOf } from "./supervisor/log.ts";
import { readSettings } from "./supervisor/settings.ts";
import { supervise } from "./supervisor/supervise.ts";

/** Of the line to the launcher. */
const launcherDescriptor = 3;

const socket = new Socket({ fd: launcherDescriptor, readable: true, writable: true });
async function main(): Promise<number> {
  return supervise(readSettings(process.env), new LauncherLine(socket));
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    log("ERROR", "supervisor failed", { why: messageOf(error) });
    process.exit(1);
  },
);
