/** `npm run audit:verify`: see `usage`. */
import { readFile } from "node:fs/promises";
import colours from "picocolors";
import { type NoteKey, parseNoteKey, publicKeyFromPem } from "#shared/core/audit/signed-note";
import { readArguments, refuse } from "../scripts/tools/options.ts";
import { openLines, readSaved, readSavedHead } from "./saved-file.ts";
import { verifyExport } from "./verify-export.ts";
import { ExportFault, type TrustedKeys } from "./verify-header.ts";
import { verifyContinuation, verifyProof } from "./verify-proof.ts";

const usage = `
npm run audit:verify -- FILE --key KEY [--witness KEY]: verifies an export of an audit trail, or the
proof of one entry, offline and with public keys alone. Prints one sentence, which names the first
entry that was edited, left out, moved, added or cut off. Exit code 0 if there is none, else 1.
With --earlier and --later, FILE is a proof of consistency: that a trail had at a later time all
entries that it had earlier.

  --key KEY       the log's public key: name+id+key, or a file with that or with a PEM
  --witness KEY   a witness that must have cosigned, name+id+key; may be repeated
  --earlier FILE  an export or a proof that was saved earlier
  --later FILE    an export or a proof that was saved later`;

const task = await readTask();
try {
  console.log(`${colours.green("✓")} ${await verify(task)}`);
} catch (error) {
  const message = error instanceof ExportFault ? error.message : describe(error);
  console.error(`${colours.red("✗")} ${message}`);
  process.exitCode = 1;
}

interface Task {
  readonly file: string;
  readonly heads: { readonly earlier: string; readonly later: string } | null;
  readonly keys: TrustedKeys;
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
    const { size, origin } = verifyProof(saved.proof, keys);
    return (
      `${row.id} is entry ${index + 1} of ${head.size} of ${head.ownerId}, as it was logged. ` +
      `Checkpoint ${size} of ${origin} vouches for it. ${saidAt(epoch.at)}.`
    );
  }
  const { header, checkpoint } = await verifyExport(() => openLines(file), keys);
  const { head, epoch } = header;
  return (
    `All ${head.size} entries of ${head.ownerId} are as they were logged. ` +
    `Checkpoint ${checkpoint.size} of ${checkpoint.origin} says that there were no others at ` +
    `${new Date(epoch.at).toISOString()}.`
  );
}

function saidAt(epochMs: number): string {
  return `The epoch's time is ${new Date(epochMs).toISOString()}`;
}

function describe(error: unknown): string {
  return `The file can't be read: ${error instanceof Error ? error.message : String(error)}.`;
}

async function readTask(): Promise<Task> {
  const { values, positionals } = readArguments(usage, {
    key: { type: "string" },
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
  return { file, heads, keys: { log: await logKey(values.key), witnesses } };
}

function keyOf(kind: NoteKey["kind"], text: string): NoteKey | null {
  const key = parseNoteKey(text.trim());
  return key?.kind === kind ? key : null;
}

async function logKey(given: string): Promise<TrustedKeys["log"]> {
  const text = given.includes("+") ? given : await readFile(given, "utf8").catch(() => "");
  const key = keyOf("note", text);
  if (key) return key;
  const publicKey = publicKeyFromPem(text);
  if (publicKey) return { name: null, publicKey };
  return refuse("--key is neither name+id+key, nor a file with an Ed25519 public key.");
}
