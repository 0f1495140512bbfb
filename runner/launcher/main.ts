import { doorArgument, makeDoor } from "./doorway.ts";
import { launch } from "./launch.ts";
import { readSettings } from "./settings.ts";

async function run(): Promise<number> {
  if (process.argv[2] === doorArgument) return makeDoor();
  return launch(readSettings(process.env), process.argv[1] ?? "");
}

/** The launcher, until its process ends. */
export function main(): void {
  run().then(
    (exitCode) => process.exit(exitCode),
    (error: unknown) => {
      const why = error instanceof Error ? error.message : "unknown";
      console.error(JSON.stringify({ severity: "ERROR", message: "launcher failed", why }));
      process.exit(1);
    },
  );
}
