/** `npm run audit:verify`: see `usage`. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import colours from "picocolors";
import { type NoteKey, parseNoteKey, publicKeyFromPem } from "#shared/core/audit/signed-note";
import { readArguments, refuse } from "../scripts/tools/options.ts";
import { readLines } from "./read-lines.ts";
import { verifyExport } from "./verify-export.ts";
import { ExportFault, type TrustedKeys } from "./verify-header.ts";

const usage = `
npm run audit:verify -- FILE --key KEY [--witness KEY]: verifies an export of an audit trail, offline
and with public keys alone. Prints one sentence, which names the first entry that was edited, left
out, moved, added or cut off. Exit code 0 if there is none, else 1.

  --key KEY      the log's public key: name+id+key, or a file with that or with a PEM
  --witness KEY  a witness that must have cosigned, name+id+key; may be repeated`;

const { file, keys } = await readTask();
try {
  const open = () => readLines(createReadStream(file, { highWaterMark: 1_048_576 }));
  const { header, checkpoint } = await verifyExport(open, keys);
  const { head, epoch } = header;
  const time = new Date(epoch.at).toISOString();
  console.log(
    `${colours.green("✓")} All ${head.size} entries of ${head.ownerId} are as they were logged. ` +
      `Checkpoint ${checkpoint.size} of ${checkpoint.origin} says that there were no others at ${time}.`,
  );
} catch (error) {
  const message = error instanceof ExportFault ? error.message : describe(error);
  console.error(`${colours.red("✗")} ${message}`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  return `The file can't be read: ${error instanceof Error ? error.message : String(error)}.`;
}

async function readTask(): Promise<{ readonly file: string; readonly keys: TrustedKeys }> {
  const { values, positionals } = readArguments(usage, {
    key: { type: "string" },
    witness: { type: "string", multiple: true },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) return refuse("Name one file.");
  if (values.key === undefined) return refuse("Give the log's public key with --key.");
  const witnesses = (values.witness ?? []).map(
    (text) => keyOf("cosignature", text) ?? refuse("A witness's key is name+id+key of type 4."),
  );
  return { file: path, keys: { log: await logKey(values.key), witnesses } };
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
