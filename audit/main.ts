/** `npm run audit:verify`: see `usage`. */
import colours from "picocolors";
import type { Evidence } from "#shared/core/audit/evidence-format";
import { harmlessLine } from "../cli/terminal-text.ts";
import { readArguments, refuse } from "../scripts/tools/options.ts";
import { keyOf, readTrustedKeys } from "./read-keys.ts";
import { openLines, readSaved, readSavedHead } from "./saved-file.ts";
import { type EvidenceKeys, verifyEvidence } from "./verify-evidence.ts";
import { verifyExport } from "./verify-export.ts";
import { ExportFault, type TrustedKey, type VerifiedCheckpoint } from "./verify-header.ts";
import { verifyContinuation, verifyProof } from "./verify-proof.ts";

const usage = `
npm run audit:verify -- FILE --key KEY [--witness KEY]: verifies an export of an audit trail, the
proof of one entry, or the evidence of an execution, offline and with public keys alone. Prints one
sentence, which names the first entry that was edited, left out, moved, added or cut off. Exit code
0 if there is none, else 1. With --earlier and --later, FILE is a proof of consistency: that a trail
had at a later time all entries that it had earlier.

  --key KEY           the log's public key: name+id+key, or a file with that, with a PEM, or with
                      the log's list of keys; may be repeated
  --evidence-key KEY  the key that signs evidence, in the same forms; may be repeated
  --witness KEY       a witness that must have cosigned, name+id+key; may be repeated
  --earlier FILE      an export, a proof or evidence that was saved earlier
  --later FILE        an export, a proof or evidence that was saved later`;

const task = await readTask();
try {
  console.log(`${colours.green("✓")} ${harmlessLine(await verify(task))}`);
} catch (error) {
  const message = error instanceof ExportFault ? error.message : describe(error);
  // Files name what they like: a sentence about them mustn't be able to print another one.
  console.error(`${colours.red("✗")} ${harmlessLine(message)}`);
  process.exitCode = 1;
}

interface Task {
  readonly file: string;
  readonly heads: { readonly earlier: string; readonly later: string } | null;
  readonly keys: EvidenceKeys;
}

/** @returns what is proven, as sentences. @throws {ExportFault} */
async function verify({ file, heads, keys }: Task): Promise<string> {
  const saved = await readSaved(file);
  if (heads) {
    if (saved.kind !== "consistency") throw new ExportFault(`${file} isn't a consistency proof.`);
    const [earlier, later] = [await readSavedHead(heads.earlier), await readSavedHead(heads.later)];
    verifyContinuation({ earlier, later, proof: saved.proof }, keys);
    const { ownerId, size } = later.head;
    return (
      `The trail of ${ownerId} with ${size} entries begins with the ${earlier.head.size} entries ` +
      `that it had before. ${saidAt(later.epoch.at)} for the later one.`
    );
  }
  if (saved.kind === "consistency") return refuse("Add --earlier FILE and --later FILE.");
  if (saved.kind === "proof") {
    const { head, index, row, epoch } = saved.proof;
    const { size, origin, cosigned } = verifyProof(saved.proof, keys);
    return (
      `${row.id} is entry ${index + 1} of ${head.size} of ${head.ownerId}, as it was logged. ` +
      `Checkpoint ${size} of ${origin} vouches for it. ${saidAt(epoch.at)}.${cosigners(cosigned)}`
    );
  }
  if (saved.kind === "evidence") {
    if (keys.evidence.length === 0) return refuse("Give the evidence's key with --evidence-key.");
    return describeEvidence(saved.file.evidence, verifyEvidence(saved.file, keys));
  }
  const { header, checkpoint } = await verifyExport(() => openLines(file), keys);
  const { head, epoch } = header;
  return (
    `All ${head.size} entries of ${head.ownerId} are as they were logged. ` +
    `Checkpoint ${checkpoint.size} of ${checkpoint.origin} says that there were no others at ` +
    `${new Date(epoch.at).toISOString()}.${cosigners(checkpoint.cosigned)}`
  );
}

function describeEvidence(
  { execution, rows, attempts, files, trail }: Evidence,
  checkpoint: VerifiedCheckpoint | null,
): string {
  const { id, ownerId, status } = execution;
  const outside = rows.filter(({ place }) => place === null).length;
  const count = (list: readonly unknown[] | null, what: string) =>
    list === null ? `no record of ${what}` : `${list.length} ${what}`;
  const vouched = checkpoint
    ? `Checkpoint ${checkpoint.size} of ${checkpoint.origin} vouches for ${rows.length - outside} ` +
      `audit rows. ${saidAt(trail?.epoch.at ?? 0)}.${cosigners(checkpoint.cosigned)}`
    : "Nothing vouches for its audit rows.";
  const rest = outside === 0 ? "" : ` ${outside} rows are older than the log, and unproven.`;
  return (
    `The evidence of ${id} of ${ownerId} (${status}, ${count(attempts, "connection attempts")}, ` +
    `${count(files, "changed files")}) is as it was signed. ${vouched}${rest}`
  );
}

function cosigners(cosigned: VerifiedCheckpoint["cosigned"]): string {
  return cosigned
    .map(({ name, signedAt }) => ` ${name} has cosigned it at ${signedAt.toISOString()}.`)
    .join("");
}

function saidAt(epochMs: number): string {
  return `The epoch's time is ${new Date(epochMs).toISOString()}`;
}

function describe(error: unknown): string {
  return `The file can't be read: ${error instanceof Error ? error.message : String(error)}.`;
}

async function readTask(): Promise<Task> {
  const { values, positionals } = readArguments(usage, {
    key: { type: "string", multiple: true },
    "evidence-key": { type: "string", multiple: true },
    witness: { type: "string", multiple: true },
    earlier: { type: "string" },
    later: { type: "string" },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) return refuse("Name one file.");
  if (values.key === undefined) return refuse("Give the log's public key with --key.");
  const { earlier, later } = values;
  const heads = earlier !== undefined && later !== undefined ? { earlier, later } : null;
  if (!heads && earlier !== later) return refuse("Give both --earlier and --later.");
  const witnesses = (values.witness ?? []).map(
    (text) => keyOf("cosignature", text) ?? refuse("A witness's key is name+id+key of type 4."),
  );
  const logs = await trustedKeys("--key", values.key);
  const evidence = await trustedKeys("--evidence-key", values["evidence-key"] ?? []);
  return { file, heads, keys: { logs, evidence, witnesses } };
}

async function trustedKeys(
  option: string,
  given: readonly string[],
): Promise<readonly TrustedKey[]> {
  const all = await Promise.all(given.map(readTrustedKeys));
  return all.flatMap(
    (keys) => keys ?? refuse(`${option} is neither name+id+key, nor a file with an Ed25519 key.`),
  );
}
