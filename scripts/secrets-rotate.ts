/** `npm run secrets:rotate`: see `usage`. */
import { createHash } from "node:crypto";
import colours from "picocolors";
import { derivedId } from "#shared/core/ids";
import { firestore } from "#shared/google/firestore";
import { addPrimaryVersion, primaryVersion } from "#shared/google/kms-versions";
import { operatorsTrail } from "#shared/identity/owner";
import { rotateOwner } from "#shared/secrets/rotate";
import { auditEntry } from "#shared/store/audit-rows";
import { Store } from "#shared/store/store";
import { chosenOwners } from "./tools/chosen-owners.ts";
import { findLocalCloud } from "./tools/local-cloud.ts";
import { readOptions } from "./tools/options.ts";

const usage = `
npm run secrets:rotate -- [options]: re-wraps every private key under the newest version of its KMS
key, while executions run. Interrupted, it goes on where it was. Works on the local cloud that
\`npm start\` runs, or on the project that GOOGLE_CLOUD_PROJECT names, where you need the rights to
wrap and unwrap for as long as it takes.

  --new-version  make a new version first, which wraps from then on
  --owner ID     this owner's alone
  --data FOLDER  of the local cloud`;
const purposes = ["environment-secrets", "audit-details"] as const;

const values = readOptions(usage, {
  "new-version": { type: "boolean", default: false },
  owner: { type: "string" },
  data: { type: "string" },
});
await findLocalCloud(values.data);
const databases = [firestore(), firestore("keys")] as const;
const [store, keys] = [new Store(databases[0]), new Store(databases[1])];
const newest = { "environment-secrets": "", "audit-details": "" };
for (const purpose of purposes) {
  const version = values["new-version"] ? addPrimaryVersion : primaryVersion;
  newest[purpose] = await version(purpose);
  console.log(`${purpose.padEnd(20)} ${newest[purpose]}`);
}
const beganAt = Date.now();
await record("secrets.rotation_began", {});
const total = { owners: 0, rewrapped: 0, passedOver: 0, failed: 0 };
for await (const owner of chosenOwners(store, values.owner)) {
  const { rewrapped, passedOver, failed } = await rotateOwner(keys, owner, newest);
  total.owners += 1;
  total.rewrapped += rewrapped;
  total.passedOver += passedOver;
  for (const [id, why] of Object.entries(failed)) {
    total.failed += 1;
    console.log(`${colours.red("✗")} ${owner.id}  ${id}: ${why}`);
  }
  if (rewrapped > 0) {
    console.log(`${colours.green("✓")} ${owner.id}  ${rewrapped} re-wrapped, ${passedOver} passed`);
  }
}
await record("secrets.rotated", total);
const counts = `${total.rewrapped} key pairs re-wrapped, ${total.passedOver} passed over`;
console.log(`\n${total.owners} owners: ${counts}, ${total.failed} failed`);
if (total.failed > 0) process.exitCode = 1;
await Promise.all(databases.map((database) => database.terminate()));

/** Writes to the operators' audit trail what was done, and to which versions. */
async function record(action: "secrets.rotation_began" | "secrets.rotated", counts: object) {
  const at = Date.now();
  const id = derivedId("auditRow", action, `${beganAt}`, newest["environment-secrets"]);
  const digest = createHash("sha256").update(JSON.stringify(newest)).digest("hex");
  const row = auditEntry(operatorsTrail(), {
    id,
    at,
    actor: { type: "maintenance", id: "secrets-rotate" },
    action,
    subject: newest["environment-secrets"],
    requestId: id,
    facts: { ...counts, versionsSha256: digest },
    sealedDetails: null,
  });
  await store.commit([row]);
}
