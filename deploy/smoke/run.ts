/** Runs the smoke test's checks one after another, and always cleans up. */
import colours from "picocolors";
import { showWorking } from "../../scripts/tools/working.ts";
import { detail, line } from "../print.ts";
import { type SmokeCheck, smokeChecks } from "./checks.ts";
import { NotTried, SmokeContext } from "./context.ts";

export interface SmokeOptions {
  readonly url: string;
  /** A Google ID token of an operator; if it is null, checks that need one are skipped. */
  readonly operatorToken: string | null;
  /** Names of checks; all of them by default. */
  readonly only?: readonly string[];
}

export interface SmokeResult {
  readonly passed: number;
  readonly failed: number;
  /** The number of checks that were skipped, except those that don't apply to the deployment. */
  readonly notTried: number;
}

const column = 24;

export async function runSmoke(options: SmokeOptions): Promise<SmokeResult> {
  const at = new SmokeContext(options.url, options.operatorToken);
  const counts = { passed: 0, failed: 0, notTried: 0, notApplicable: 0 };
  try {
    for (const check of smokeChecks) {
      if (options.only && !options.only.includes(check.name)) continue;
      counts[await runOne(check, at)] += 1;
    }
  } finally {
    const removed = await at.cleanUp().catch((error: unknown) => {
      counts.failed += 1;
      return `${colours.red("not cleaned up")}: ${error instanceof Error ? error.message : error}`;
    });
    if (removed !== null) detail(`cleaned up: ${removed}`);
  }
  const { passed, failed, notTried } = counts;
  return { passed, failed, notTried };
}

async function runOne({ name, run }: SmokeCheck, context: SmokeContext) {
  const done = showWorking(name);
  try {
    const seen = await run(context).finally(done);
    line(`${colours.green("✓")} ${name.padEnd(column)}${seen}`);
    return "passed";
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (!(error instanceof NotTried)) {
      line(`${colours.red("✗")} ${name.padEnd(column)}${why}`);
      return "failed";
    }
    line(`${colours.yellow("–")} ${name.padEnd(column)}${why}`);
    return why.startsWith("not applicable") ? "notApplicable" : "notTried";
  }
}
