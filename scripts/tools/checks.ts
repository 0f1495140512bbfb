/** Checks that don't run the product: form, types, dead code. */
import { join } from "node:path";
import { repositoryRoot } from "./repository.ts";
import type { Step } from "./step.ts";

const bin = (name: string) => join(repositoryRoot, "node_modules", ".bin", name);
const vitestModule = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");

const known = join(repositoryRoot, "node_modules", ".cache", "paddock-types.json");
const incremental = ["--incremental", "--tsBuildInfoFile", known];

export const staticChecks: readonly Step[] = [
  {
    title: "Format and lint",
    command: [process.execPath, bin("biome"), "check", "--error-on-warnings"],
    timeoutMs: 300_000,
  },
  {
    title: "Types",
    // Results for unchanged files are kept next to the packages. By default, four checkers each
    // process what all files share; on two cores one is as fast, for half the work.
    command: [process.execPath, bin("tsc"), "-p", ".", "--checkers", "1", ...incremental],
    // It is a program in Go, which spends a third of its time on reusing memory of a short life.
    environment: { GOGC: "400" },
    timeoutMs: 300_000,
  },
  {
    title: "Dead code",
    command: [process.execPath, bin("knip"), "--no-progress"],
    timeoutMs: 300_000,
  },
  {
    title: "The API's description is sound",
    command: [process.execPath, bin("redocly"), "lint", "openapi/paddock.json"],
    timeoutMs: 300_000,
  },
  {
    title: "Terraform's form",
    command: [process.execPath, "deploy/check-terraform.ts", "--form-only"],
    timeoutMs: 300_000,
  },
];

/** Loading the provider takes seconds for each root, and for each run of its tests. */
export const terraformCheck: Step = {
  title: "Terraform's configuration is valid and passes its tests",
  command: [process.execPath, "deploy/check-terraform.ts"],
  timeoutMs: 2_700_000,
};

/** The command line of one vitest run, under this Node. */
export function vitestCommand(...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, vitestModule, "run", ...args];
}
