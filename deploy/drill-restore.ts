/** `npm run drill:restore`: see `usage`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import colours from "picocolors";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { buildAll } from "../scripts/build/build-all.ts";
import { formatDuration } from "../scripts/tools/format.ts";
import { readOptions } from "../scripts/tools/options.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { openProbe, type Probe } from "./drill/probe.ts";
import { backUp, loseMain, restore } from "./drill/restore.ts";
import { restoreChecks } from "./drill/restore-checks.ts";
import { type Lived, liveBefore, liveOn, repeatSince } from "./drill/scenario.ts";

const usage = `
npm run drill:restore -- [options]: loses a local cloud's main database and brings it back from its
backup, as docs/operate.md tells it for the cloud. Then: do the ledgers balance, do the audit rows
have their hashes, does what was kept still open, and does what was shredded stay dead? Exit code 1
if anything doesn't hold.

  --keys-too   back up the database \`keys\` as well, which a deployment never does: the drill fails`;
const values = readOptions(usage, { "keys-too": { type: "boolean", default: false } });

const began = performance.now();
const heading = (text: string) => console.log(`\n${colours.bold(colours.cyan(text))}`);
const line = (text: string) => console.log(`  ${text}`);

heading("A local cloud of the drill's own");
await buildAll(repositoryRoot);
const dataFolder = await mkdtemp(join(tmpdir(), "paddock-drill-"));
// Leaves out the jobs of each minute, which change documents between the backup and the comparison;
// in the cloud, an operator pauses them.
const cloud = await startLocalCloud({ dataFolder, fresh: true, sweepEveryMs: 5_000 });
line(`ready at ${cloud.baseUrl}`);
Object.assign(process.env, cloud.environment);
const probe = await openProbe(cloud);
try {
  process.exitCode = (await drill(cloud, probe)) ? 0 : 1;
} finally {
  await probe.close();
  await cloud.stop();
  await rm(dataFolder, { recursive: true, force: true });
  line(colours.dim(`nothing left running; ${formatDuration(performance.now() - began)} in all`));
}

async function drill(cloud: LocalCloud, probe: Probe): Promise<boolean> {
  const databases = values["keys-too"] ? ["(default)", "keys"] : ["(default)"];
  heading("Life before the backup");
  const before: Lived = await liveBefore(cloud);
  line("an owner, two environments with a secret each, executions, two keys");
  heading("Backup");
  const backup = await backUp(cloud, probe, { databases, ownerId: before.owner.id });
  line(`${databases.join(" and ")}: ${backup.documents.size} documents of the owner`);
  heading("Life after it");
  await liveOn(cloud, before);
  line("an environment deleted for good, a key revoked, an execution paid for");
  heading("Loss and restore");
  await loseMain(cloud, probe);
  line("the main database is empty");
  await restore(cloud, backup);
  line("restored from the backup; every function restarted");
  heading("What holds");
  let isSound = true;
  for (const { what, check } of restoreChecks) {
    const seen = await check({ cloud: cloud, probe: probe, lived: before, backup }).catch(
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    if (seen instanceof Error) isSound = false;
    const mark = seen instanceof Error ? colours.red("✗") : colours.green("✓");
    line(`${mark} ${what.padEnd(46)}${seen instanceof Error ? seen.message : seen}`);
  }
  heading("What the backup didn't know is done again");
  line(await repeatSince(cloud, before));
  return isSound;
}
