/**
 * Files that the short form tries in turn: the commit chooses one row of each project's, and the
 * others' files are left out. Every commit tries money, keys, isolation, secrets and streams; one
 * in two to four tries what is here, and so does every long run. The rows of a project take about
 * the same CPU, so that no commit's run is much longer than another's.
 */
import { numberOfCommit } from "./commit.ts";
import { isInShare } from "./shard.ts";

type Rows = readonly (readonly string[])[];

const turns: Readonly<Record<string, Rows>> = {
  cloud: [
    [
      "test/integration/account-deletion.test.ts",
      "test/integration/orchestrations.test.ts",
      "test/integration/keys-bounds.test.ts",
      "test/integration/closings.test.ts",
      "test/integration/schedule-crashes.test.ts",
      "test/integration/thread-history.test.ts",
      "test/integration/builds.test.ts",
      "test/integration/bench.test.ts",
      "test/integration/commits.test.ts",
      "test/integration/costs.test.ts",
      "test/integration/network.test.ts",
      "test/integration/unclaimable.test.ts",
      "test/security/bodies.test.ts",
      "test/integration/half-sent.test.ts",
      "test/integration/egress-log.test.ts",
    ],
    [
      "test/integration/orchestration-crashes.test.ts",
      "test/integration/git.test.ts",
      "test/integration/incidents.test.ts",
      "test/integration/schedules.test.ts",
      "test/integration/credits.test.ts",
      "test/integration/repeated-starts.test.ts",
      "test/integration/answers.test.ts",
      "test/integration/runner-words.test.ts",
      "test/integration/sweeps.test.ts",
      "test/e2e/streams-readers.test.ts",
      "test/security/flood.test.ts",
      "test/security/hostile-names.test.ts",
      "test/security/scopes.test.ts",
      "test/integration/audit-rows.test.ts",
    ],
    [
      "test/integration/deletion.test.ts",
      "test/e2e/command-line.test.ts",
      "test/integration/git-waits.test.ts",
      "test/integration/threads.test.ts",
      "test/integration/billing-archive.test.ts",
      "test/integration/orchestration-poison.test.ts",
      "test/integration/orchestration-erasure.test.ts",
      "test/integration/late-commits.test.ts",
      "test/integration/upload-readings.test.ts",
      "test/integration/suspensions.test.ts",
      "test/integration/large-variables.test.ts",
      "test/integration/contain-everybody.test.ts",
      "test/integration/neighbours.test.ts",
      "test/integration/retention.test.ts",
      "test/integration/size-bounds.test.ts",
      "test/integration/triggers.test.ts",
    ],
    [
      "test/integration/audit-sequencer.test.ts",
      "test/integration/large-files.test.ts",
      "test/integration/signed-copies.test.ts",
      "test/e2e/command-line-automation.test.ts",
      "test/integration/evidence.test.ts",
      "test/integration/model-costs.test.ts",
      "test/integration/account-export.test.ts",
      "test/integration/audit-log-keys.test.ts",
      "test/integration/keys-closing.test.ts",
      "test/integration/notifications.test.ts",
      "test/integration/recovery.test.ts",
      "test/integration/store-down.test.ts",
      "test/integration/orchestration-ends.test.ts",
      "test/integration/quotas.test.ts",
      "test/security/gateway-attacks.test.ts",
      "test/security/http.test.ts",
      "test/security/late-bodies.test.ts",
    ],
  ],
  failures: [
    [
      "test/failures/outages.test.ts",
      "test/failures/cancel.test.ts",
      "test/failures/builds-killed.test.ts",
    ],
    [
      "test/failures/requests.test.ts",
      "test/failures/agent-servers.test.ts",
      "test/failures/agent-cancels.test.ts",
    ],
    ["test/failures/agent-kills.test.ts", "test/failures/slices.test.ts"],
  ],
  money: [["test/money/orchestration-runs.test.ts"], ["test/money/repeats.test.ts"]],
  conformance: [
    [
      "test/conformance/firestore.test.ts",
      "test/conformance/storage.test.ts",
      "test/deploy/first-apply.test.ts",
    ],
    [
      "test/conformance/trial.test.ts",
      "test/deploy/runner-project.test.ts",
      "test/deploy/preflight.test.ts",
      "test/conformance/local-cloud.test.ts",
    ],
    [
      "test/conformance/run.test.ts",
      "test/conformance/run-containers.test.ts",
      "test/deploy/trial.test.ts",
    ],
  ],
};

/** Every file that has its turn, by project. */
export const filesInTurn: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(turns).map(([project, rows]) => [project, rows.flat()]),
);

/**
 * The files of a project that a short run leaves out. The row is drawn apart from tables' rows
 * (`shareOfCommit`): drawn with them, the third row of files would only ever meet their third rows.
 */
export function filesLeftOut(project: string, commit?: string): readonly string[] {
  const rows = turns[project];
  if (rows === undefined) return [];
  const turn = 1 + numberOfCommit(`files of ${project}`, rows.length, commit);
  return rows.filter((_row, index) => !isInShare(index, { turn, of: rows.length })).flat();
}
