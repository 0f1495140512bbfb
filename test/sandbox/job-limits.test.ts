/** Only inside Cloud Run may the job's own limits replace a control group. */
import { describe, expect, test } from "vitest";
import { sandboxModes } from "#shared/protocol/sandbox-mode";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";

/** The path is too long for the kernel, so no group can be made below it. */
const cgroup = "x/".repeat(3_000);
const forkUntilRefused = `perl -e '
  while (1) { my $p = fork; (print "Cannot fork\\n"), exit 9 unless defined $p; if (!$p) { sleep 60; exit } }'`;

describe.each(sandboxModes)(
  "EXE-8 without control groups, mode %s",
  { timeout: 120_000 },
  (mode) => {
    test("inside a Cloud Run job processes are still counted", async () => {
      // Without CLOUD_RUN_JOB, inside which the metadata server of this test would be refused.
      const environment = { PADDOCK_CGROUP: cgroup, CLOUD_RUN_EXECUTION: "runner-lite-none-1" };
      const run = await execute(claimFor(forkUntilRefused), mode, { environment });
      expect(run.gateway.settled).toMatchObject({ reason: "process_limit", exitCode: 9 });
      expect(run.leftovers).toEqual([]);
    });

    test("anywhere else nothing runs", async () => {
      const environment = { PADDOCK_CGROUP: cgroup };
      const run = await execute(claimFor("echo never"), mode, { environment });
      expect(run.gateway.settled?.reason).toBe("isolation_unavailable");
    });
  },
);
