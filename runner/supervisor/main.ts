import "./plain-schemas.ts";
import { Socket } from "node:net";
import { LauncherLine } from "./launcher-line.ts";
import { log, messageOf } from "./log.ts";
import { readSettings } from "./settings.ts";
import { supervise } from "./supervise.ts";

/** Of the line to the launcher. */
const launcherDescriptor = 3;

/** The supervisor, until its process ends. */
export function main(): void {
  const socket = new Socket({ fd: launcherDescriptor, readable: true, writable: true });
  const run = async () => supervise(readSettings(process.env), new LauncherLine(socket));
  run().then(
    (exitCode) => process.exit(exitCode),
    (error: unknown) => {
      log("ERROR", "supervisor failed", { why: messageOf(error) });
      process.exit(1);
    },
  );
}
