/** `npm run ledger:verify`: see `usage`. */
import { join } from "node:path";
import colours from "picocolors";
import { heldMicrousd } from "#shared/core/money/account";
import { firestore } from "#shared/google/firestore";
import type { Owner } from "#shared/identity/owner";
import {
  type Checked,
  type CountedLedger,
  checkLedger,
  nothingCounted,
} from "#shared/owners/check-ledger";
import { type VerifiedArchive, verifyArchive } from "#shared/owners/verify-archive";
import { Store } from "#shared/store/store";
import { chosenOwners } from "./tools/chosen-owners.ts";
import { findLocalCloud } from "./tools/local-cloud.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

/** Half a million lines per call. */
const pagesMax = 1_000;
const callsMax = 200;

const usage = `
npm run ledger:verify -- [options]: adds up every owner's ledger from the start and compares it with the
account in one snapshot. Exit code 1 if one differs. It reads the local cloud that npm start runs, or
the project that GOOGLE_CLOUD_PROJECT names; the archive is then the one that PADDOCK_ARCHIVE_BUCKET
and PADDOCK_BILLING_ARCHIVE name.

  --owner user_…  this owner alone
  --archive       reads the archive of billing records back, too
  --data FOLDER   the local cloud's data, if not .paddock/`;
const values = readOptions(usage, {
  owner: { type: "string" },
  archive: { type: "boolean", default: false },
  data: { type: "string", default: join(repositoryRoot, ".paddock") },
});
await findLocalCloud(values.data);
const database = firestore();
const store = new Store(database);
let differing = 0;
let checkedCount = 0;
for await (const owner of chosenOwners(store, values.owner)) {
  const checked = await checkWhole(owner);
  checkedCount += 1;
  print(owner, checked);
  const archive = values.archive ? await verifyArchive(store, owner) : null;
  if (archive) printArchive(archive);
  if (checked.outcome === "differs" || archive?.fault) differing += 1;
}
await database.terminate();
const verdict =
  differing === 0 ? colours.green("all balanced") : colours.red(`${differing} differ`);
console.log(`\n${checkedCount} accounts: ${verdict}`);
if (differing > 0) process.exitCode = 1;

/** Checks from the first line on, however long that takes. */
async function checkWhole(owner: Owner): Promise<Checked> {
  let from: CountedLedger = nothingCounted;
  for (let call = 0; call < callsMax; call += 1) {
    const options = { from, unless: null, pagesMax, now: Date.now() };
    const checked = await checkLedger(store, owner, options);
    if (checked.outcome !== "behind") return checked;
    from = checked;
  }
  throw new Error(`${owner.id} has more lines than can be read, or gets them faster`);
}

function print(owner: Owner, { account, differences, outcome, total }: Checked): void {
  const usd = (microusd: number) => `$${(microusd / 1_000_000).toFixed(6)}`;
  const held = account ? usd(heldMicrousd(account)) : "–";
  const balance = account ? usd(account.balanceMicrousd) : "no account";
  const mark = outcome === "balanced" ? colours.green("✓") : colours.red("✗");
  const lines = `${total.lines} lines`;
  console.log(`${mark} ${owner.id}  ${lines.padStart(12)}  balance ${balance}  held ${held}`);
  for (const { what, accountHas, ledgerHas } of differences) {
    console.log(
      `    ${what}: the account has ${accountHas}, its ledger ${ledgerHas} micro-dollars`,
    );
  }
}

function printArchive({ state, fault }: VerifiedArchive): void {
  const { objects, totals } = state;
  const mark = fault === null ? colours.green("✓") : colours.red("✗");
  console.log(
    `  ${mark} archive: ${totals.lines} lines in ${objects} objects. ${fault ?? ""}`.trimEnd(),
  );
}
