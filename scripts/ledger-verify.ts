/**
 * `npm run ledger:verify`: adds up every owner's ledger from the start and compares it with the
 * account in one snapshot. Exit code 1 if one differs. `-- --owner user_…` checks one owner, and
 * `--archive` also reads the archive of billing records back. It reads the local cloud that
 * `npm start` runs, or the project that `GOOGLE_CLOUD_PROJECT` names; the archive is then the one
 * that `PADDOCK_ARCHIVE_BUCKET` and `PADDOCK_BILLING_ARCHIVE` name.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import colours from "picocolors";
import { heldMicrousd } from "#shared/core/money/account";
import { firestore } from "#shared/google/firestore";
import type { Owner } from "#shared/identity/owner";
import { existingOwner, ownerOf } from "#shared/owners/act-on-owner";
import {
  type Checked,
  type CountedLedger,
  checkLedger,
  nothingCounted,
} from "#shared/owners/check-ledger";
import { type VerifiedArchive, verifyArchive } from "#shared/owners/verify-archive";
import { type OwnerProfile, owners } from "#shared/store/owners";
import type { SnapshotPage } from "#shared/store/read-snapshot";
import { Store } from "#shared/store/store";
import { firestoreHostFile } from "../local/cloud/firestore.ts";
import { archiveBucket, billingArchive, projectId } from "../local/cloud/names.ts";
import { storageHostFile } from "../local/cloud/services.ts";
import { repositoryRoot } from "./tools/repository.ts";

const ownersPerPage = 100;
/** Half a million lines per call. */
const pagesMax = 1_000;
const callsMax = 200;

const { values } = parseArgs({
  options: {
    owner: { type: "string" },
    archive: { type: "boolean", default: false },
    data: { type: "string", default: join(repositoryRoot, ".paddock") },
  },
});
await findDatabase(values.data);
const database = firestore();
const store = new Store(database);
let differing = 0;
let checkedCount = 0;
for await (const owner of wanted()) {
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

/** @throws if no project is named and no local cloud runs. */
async function findDatabase(dataFolder: string): Promise<void> {
  if (process.env.GOOGLE_CLOUD_PROJECT) return;
  const host = await readFile(join(dataFolder, firestoreHostFile), "utf8").catch(() => null);
  if (host === null) {
    throw new Error("No local cloud runs here (npm start); or set GOOGLE_CLOUD_PROJECT.");
  }
  process.env.GOOGLE_CLOUD_PROJECT = projectId;
  process.env.FIRESTORE_EMULATOR_HOST = host;
  process.env.METADATA_SERVER_DETECTION = "none";
  const storage = await readFile(join(dataFolder, storageHostFile), "utf8");
  Object.assign(process.env, {
    STORAGE_EMULATOR_HOST: `http://${storage}`,
    PADDOCK_ARCHIVE_BUCKET: archiveBucket,
    PADDOCK_BILLING_ARCHIVE: billingArchive,
  });
}

async function* wanted(): AsyncGenerator<Owner> {
  if (values.owner !== undefined) {
    yield (await existingOwner(store, values.owner)).owner;
    return;
  }
  let walk: SnapshotPage = { field: "id", after: null, limit: ownersPerPage };
  for (let length = ownersPerPage; length === ownersPerPage; ) {
    const page = await pageOfOwners(walk);
    for (const profile of page) yield ownerOf(profile);
    const last = page.at(-1)?.id ?? "";
    walk = { ...walk, after: { value: last, id: last } };
    length = page.length;
  }
}

async function pageOfOwners(walk: SnapshotPage): Promise<readonly OwnerProfile[]> {
  const found = await store.withSnapshot((snapshot) => snapshot.next(owners.all(), walk));
  return found.map(({ value }) => value);
}

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
