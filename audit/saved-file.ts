/** Tells apart the files that a deployment hands out, and reads those that fit into memory. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { ExportHeader } from "#shared/core/audit/export-format";
import { AuditProof, ConsistencyProof } from "#shared/core/audit/proof-format";
import type { ProvenHead } from "#shared/core/audit/proven-head";
import { readLines } from "./read-lines.ts";
import { ExportFault, parseExact } from "./verify-header.ts";

/** A proof has one row, and a row is a document of at most 1 MiB. */
const proofBytesMax = 16 * 1024 * 1024;

export type SavedFile =
  | { readonly kind: "export" }
  | { readonly kind: "proof"; readonly proof: AuditProof }
  | { readonly kind: "consistency"; readonly proof: ConsistencyProof };

export function openLines(file: string): AsyncGenerator<Buffer> {
  return readLines(createReadStream(file, { highWaterMark: 1_048_576 }));
}

/** Everything that is no proof is taken for an export, whose verification says what is wrong. */
export async function readSaved(file: string): Promise<SavedFile> {
  const value = await readValue(file);
  const proof = AuditProof.safeParse(value).data;
  if (proof) return { kind: "proof", proof };
  const consistency = ConsistencyProof.safeParse(value).data;
  if (consistency) return { kind: "consistency", proof: consistency };
  return { kind: "export" };
}

/** The head in an export or a proof. @throws {ExportFault} if the file is neither. */
export async function readSavedHead(file: string): Promise<ProvenHead> {
  const value = await readValue(file);
  for (const schema of [ExportHeader, AuditProof]) {
    const { data } = schema.safeParse(value);
    if (data) return headOf(data);
  }
  throw new ExportFault(`${file} is neither an export nor a proof.`);
}

function headOf({ head, position, map, epoch, proof }: ProvenHead): ProvenHead {
  return { head, position, map, epoch, proof };
}

/** An export's first line, or the value of a whole file, which may be printed on many lines. */
async function readValue(file: string): Promise<unknown> {
  const { value: line } = await openLines(file).next();
  const header = ExportHeader.safeParse(line && parseExact(line)).data;
  if (header || (await stat(file)).size > proofBytesMax) return header;
  return parseExact(await readFile(file));
}
