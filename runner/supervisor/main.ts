import "./plain-schemas.ts";
import { Socket } from "node:net";
import { describeError } from "#shared/core/describe-error";
import { keepOutOfCoreFiles } from "../launcher/core-files.ts";
import { LauncherLine } from "./launcher-client.ts";
import { keepLibrariesQuiet, log } from "./log.ts";
import { readSettings } from "./settings.ts";
import { supervise } from "./supervise.ts";

/** The descriptor of the connection to the launcher. */
const launcherDescriptor = 3;

/** Runs the supervisor until its process ends. */
export function main(): void {
  keepOutOfCoreFiles();
  keepLibrariesQuiet();
  // Where nobody reads the log any more, the execution goes on. Each line about it would fail too.
  process.stdout.on("error", () => undefined);
  const socket = new Socket({ fd: launcherDescriptor, readable: true, writable: true });
  // For an uncaught error, Node would print the message, which may quote secrets.
  process.on("uncaughtException", (error: unknown) => {
    log("ERROR", "supervisor ended by an error that nobody caught", { why: describeError(error) });
    process.exit(1);
  });
  const run = async () => supervise(readSettings(process.env), new LauncherLine(socket));
  run().then(
    (exitCode) => process.exit(exitCode),
    (error: unknown) => {
      log("ERROR", "supervisor failed", { why: describeError(error) });
      process.exit(1);
    },
  );
}
