/** What must hold after a restore. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { environmentBinding } from "#shared/environments/seal-secret";
import { newOwner } from "#shared/owners/act-on-owner";
import { open } from "#shared/secrets/sealing";
import { openSealingPair } from "#shared/secrets/sealing-keys";
import { SealedSecrets, SealingKey } from "#shared/store/environments";
import type { LocalCloud } from "../../local/cloud.ts";
import { auditLines } from "../../scripts/demo/audit.ts";
import { documentsUnder, type Probe } from "./probe.ts";
import type { Backup } from "./restore.ts";
import { type Lived, runIn, secretValue } from "./scenario.ts";

/** A task of the kept environment gets its secret in a second or two. */
const handedWithinMs = 10_000;

export interface Restored {
  readonly cloud: LocalCloud;
  readonly probe: Probe;
  readonly lived: Lived;
  readonly backup: Backup;
}

interface RestoreCheck {
  readonly what: string;
  /** @returns what was seen. @throws if it doesn't hold. */
  readonly check: (restored: Restored) => Promise<string>;
}

/** Runs in this order; checks that change something come last. */
export const restoreChecks: readonly RestoreCheck[] = [
  { what: "every document is as it was at the backup", check: sameDocuments },
  { what: "ledger:verify: every account is its ledger's", check: ledgers },
  { what: "every audit row has its leaf hash", check: auditRows },
  { what: "SEC-6 the shredded key pair is gone", check: noPair },
  { what: "SEC-6 no key that is left opens its secret", check: staysDead },
  { what: "SEC-6 a task there is handed nothing", check: handsNothing },
  { what: "the kept environment's secret opens", check: keptOpens },
];

async function sameDocuments({ probe, lived, backup }: Restored): Promise<string> {
  const now = await documentsUnder(probe.main.doc(`owners/${lived.owner.id}`));
  const differing = [...backup.documents].filter(([path, json]) => now.get(path) !== json);
  const more = [...now.keys()].filter((path) => !backup.documents.has(path));
  const paths = [...differing.map(([path]) => path), ...more];
  if (paths.length > 0) throw new Error(`not so: ${paths.join(", ")}`);
  return `${now.size} documents`;
}

async function ledgers({ cloud }: Restored): Promise<string> {
  const env = { ...process.env, ...cloud.environment, NO_COLOR: "1" };
  const order = ["scripts/ledger-verify.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, order, { env });
  return stdout.trim().split("\n").at(-1) ?? "";
}

/** Trees and checkpoints are made of these hashes, so equal hashes keep them valid. */
async function auditRows({ cloud, lived, backup }: Restored): Promise<string> {
  const rows = await auditLines(cloud, lived.owner.id);
  const broken = rows.filter(({ intact }) => !intact);
  if (broken.length > 0) throw new Error(`${broken.length} rows aren't what was committed`);
  const before = [...backup.documents.keys()].filter((path) => path.includes("/audit/"));
  if (before.length !== rows.length) throw new Error(`${rows.length} of ${before.length} rows`);
  return `${rows.length} rows`;
}

async function noPair({ probe, lived }: Restored): Promise<string> {
  const path = `owners/${lived.owner.id}/sealingKeys/${lived.shreddedEnvironmentId}`;
  if ((await probe.keys.doc(path).get()).exists) throw new Error("it is there again");
  return "no backup holds it";
}

/** Acts as an attacker with the restored database, all remaining pairs, and KMS itself. */
async function staysDead({ probe, lived }: Restored): Promise<string> {
  const { owner, shreddedEnvironmentId: id } = lived;
  const who = newOwner(owner.id, "development");
  const sealed = await probe.main.doc(`owners/${owner.id}/sealedSecrets/${id}`).get();
  const token = SealedSecrets.parse(sealed.data()).values.find(({ key }) => key === "TOKEN");
  if (!token) throw new Error("the restored environment has no secret to try");
  const pairs = await probe.keys.collection(`owners/${owner.id}/sealingKeys`).get();
  const belongs = environmentBinding(who, id, { key: "TOKEN", binding: null });
  for (const document of pairs.docs) {
    const pair = SealingKey.parse(document.data());
    const name = { purpose: pair.purpose, id: document.id };
    const opened = await openSealingPair(who, name, pair)
      .then(async (privateKey) => await open(privateKey, token.sealed, belongs))
      .catch(() => null);
    if (opened !== null) throw new Error(`${document.id} opens it`);
  }
  return `tried with all ${pairs.docs.length}`;
}

/** The claim of its runner is refused; the waiting execution is then stopped. */
async function handsNothing({ cloud, lived }: Restored): Promise<string> {
  const ran = await runIn(cloud, lived.owner, lived.shreddedEnvironmentId, handedWithinMs);
  if (ran.output !== "") throw new Error("its task had something to print");
  if (ran.run?.status === "success") throw new Error("its task ran as if nothing were missing");
  return `nothing in ${handedWithinMs / 1000} s: ${ran.run?.status ?? "stopped"}`;
}

async function keptOpens({ cloud, lived }: Restored): Promise<string> {
  const { run, output } = await runIn(cloud, lived.owner, lived.keptEnvironmentId);
  if (output.trim() !== String(secretValue.length)) {
    throw new Error(`its task ended with ${run?.status} and printed ${JSON.stringify(output)}`);
  }
  return "a task has it";
}
