/**
 * `--then` takes everything after it, so that what follows npm's `--` reaches the script.
 *
 * @param {string[]} args
 * @returns {{ skipSystem: boolean, quiet: boolean, dryRun: boolean, next: string, args: string[] }}
 */
export function readArguments(args) {
  const flags = new Set();
  for (let index = 0; index < args.length; index += 1) {
    const name = args[index];
    if (name === "--then" && args[index + 1]) {
      return { ...settings(flags), next: args[index + 1], args: args.slice(index + 2) };
    }
    if (name === "--skip" && args[index + 1] === "system") {
      flags.add("--skip system");
      index += 1;
    } else if (name === "--quiet" || name === "--dry-run") flags.add(name);
    else {
      process.stderr.write(`Unknown argument: ${name}\n`);
      process.exit(2);
    }
  }
  return { ...settings(flags), next: "", args: [] };
}

function settings(flags) {
  return {
    skipSystem: flags.has("--skip system"),
    quiet: flags.has("--quiet"),
    dryRun: flags.has("--dry-run"),
  };
}
