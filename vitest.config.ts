import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { forgetShell } from "./scripts/tools/plain-environment.ts";

// Before the set-ups start clouds and before workers start, which inherit what is left.
forgetShell();

const quiet = "./test/kit/quiet-setup.ts";
const cloudSetup = "./test/kit/global-setup.ts";
const moneySetup = "./test/kit/money-setup.ts";
const failuresSetup = "./test/kit/failures-setup.ts";
const propertySeed = "./test/kit/property-seed.ts";
/** Full counts take longer, and how much longer depends on the machine. */
const timeFactor = process.env.PADDOCK_LONG === undefined ? 1 : 20;

/**
 * A test whose assertions are in a loop over nothing holds nothing. Projects of which commits try
 * a share of the rows have it once all rows were tried with it.
 */
const asserting = { requireAssertions: true };

/**
 * `npm test` runs these projects in lanes side by side; groups keep their order elsewhere. Files of
 * a project share their worker's modules (`isolate: false`): loading the Google clients again costs
 * seconds of CPU per file. A file that sets a variable of the environment must put it back.
 */
// biome-ignore lint/style/noDefaultExport: vitest asks for it.
export default defineConfig({
  test: {
    reporters: ["./scripts/tools/line-reporter.ts"],
    silent: "passed-only",
    // The sealing library asks Web Crypto for a method that Node calls experimental.
    execArgv: ["--disable-warning=ExperimentalWarning"],
    passWithNoTests: true,
    tags: [{ name: "slow", description: "Takes a second or more. `npm run verify` skips it." }],
    projects: [
      {
        test: {
          name: "unit",
          isolate: false,
          expect: asserting,
          setupFiles: [quiet, propertySeed],
          // Every function has it, and tests read settings in any order.
          env: { GOOGLE_CLOUD_PROJECT: "paddock-test" },
          include: [
            "{shared,functions,runner,local,deploy,bench,sim,controls,records,audit,cli,scripts}/**/*.test.{ts,mjs}",
            "test/{,tidy/}*.test.ts",
          ],
          testTimeout: 60_000 * timeFactor,
          hookTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "conformance",
          isolate: false,
          expect: asserting,
          setupFiles: [quiet],
          include: ["test/{conformance,deploy}/**/*.test.ts"],
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // One file at a time: each counts the machine's processes, mounts and cgroups.
        test: {
          name: "sandbox",
          isolate: false,
          expect: asserting,
          setupFiles: [quiet, propertySeed],
          // The gateway of models, which some of them start in their own process, asks for it.
          env: { GOOGLE_CLOUD_PROJECT: "paddock-test" },
          include: ["test/{sandbox,escape}/**/*.test.ts"],
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // One local cloud, started by the set-up, shared by all files.
        test: {
          name: "cloud",
          isolate: false,
          setupFiles: [quiet, propertySeed],
          include: ["test/{integration,security,e2e}/**/*.test.ts"],
          globalSetup: existsSync(cloudSetup) ? [cloudSetup] : [],
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // A cloud of its own, whose containers claim and settle at once; one worker, so that the
        // files share the processes they have it started on.
        test: {
          name: "money",
          isolate: false,
          setupFiles: [quiet],
          include: ["test/money/**/*.test.ts"],
          globalSetup: existsSync(moneySetup) ? [moneySetup] : [],
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // A cloud of its own, with short leases, that tests kill.
        test: {
          name: "failures",
          isolate: false,
          setupFiles: [quiet],
          include: ["test/failures/**/*.test.ts"],
          globalSetup: existsSync(failuresSetup) ? [failuresSetup] : [],
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
      {
        // Reads plans of the Terraform configuration that the set-up makes once.
        test: {
          name: "policy",
          isolate: false,
          expect: asserting,
          setupFiles: [quiet],
          include: ["test/policy/**/*.test.ts"],
          globalSetup: ["./test/policy/support/setup.ts"],
          // A plan has megabytes of JSON, which a starved machine needs long to read.
          testTimeout: 120_000 * timeFactor,
          hookTimeout: 180_000,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
