/** The runner's first program: root, small, and the only one that can start or end a sandbox. */
import { describeError } from "#shared/core/describe-error";
import { doorArgument, makeDoor } from "./launcher/doorway.ts";
import { launch } from "./launcher/launch.ts";
import { readSettings } from "./launcher/settings.ts";

async function main(): Promise<number> {
  if (process.argv[2] === doorArgument) return makeDoor();
  return launch(readSettings(process.env), process.argv[1] ?? "");
}

function fail(error: unknown): void {
  const why = describeError(error);
  console.error(JSON.stringify({ severity: "ERROR", message: "launcher failed", why }));
  process.exit(1);
}

process.on("uncaughtException", fail);
main().then((exitCode) => process.exit(exitCode), fail);
