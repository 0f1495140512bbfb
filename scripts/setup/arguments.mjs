/**
 * `--then` takes everything after it, so that what follows npm's `--` reaches the script.
 *
 * @param {string[]} args
 * @returns {{
 *   skip: string[], quiet: boolean, dryRun: boolean, next: string, args: string[]
 * }} `skip` names "system" (all but the packages) or "rights" (of whom it is run by)
 */
export function readArguments(args) {
  const flags = new Set();
  for (let index = 0; index < args.length; index += 1) {
    const name = args[index];
    if (name === "--then" && args[index + 1]) {
      return { ...settings(flags), next: args[index + 1], args: args.slice(index + 2) };
    }
    if (name === "--skip" && ["system", "rights"].includes(args[index + 1])) {
      flags.add(args[index + 1]);
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
    skip: ["system", "rights"].filter((part) => flags.has(part)),
    quiet: flags.has("--quiet"),
    dryRun: flags.has("--dry-run"),
  };
}
