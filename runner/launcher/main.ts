import { describeError } from "#shared/core/describe-error";
import { keepOutOfCoreFiles } from "./core-files.ts";
import { etcNamesArgument, findEtcNames } from "./etc-names.ts";
import { launch } from "./launch.ts";
import { listenerArgument, makeListeners } from "./netns-listener.ts";
import { readSettings } from "./settings.ts";

async function run(): Promise<number> {
  const [, , argument, ...more] = process.argv;
  if (argument === listenerArgument) return makeListeners(more);
  if (argument === etcNamesArgument) {
    console.log(findEtcNames("/").join("\n"));
    return 0;
  }
  keepOutOfCoreFiles();
  return launch(readSettings(process.env), process.argv[1] ?? "");
}

function fail(error: unknown): void {
  const why = describeError(error);
  console.error(JSON.stringify({ severity: "ERROR", message: "launcher failed", why }));
  process.exit(1);
}

/** Runs the launcher until its process ends. */
export function main(): void {
  process.on("uncaughtException", fail);
  run().then((exitCode) => process.exit(exitCode), fail);
}
