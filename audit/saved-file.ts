/** Tells apart the files that a deployment hands out, and reads those that fit into memory. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { EvidenceFile, evidenceAttemptsMax } from "#shared/core/audit/evidence-format";
import { ExportHeader } from "#shared/core/audit/export-format";
import { AuditProof, ConsistencyProof } from "#shared/core/audit/proof-format";
import type { ProvenHead } from "#shared/core/audit/proven-head";
import { readLines } from "./read-lines.ts";
import { ExportFault, parseExact } from "./verify-header.ts";

/** A proof has one row, and a row is a document of at most 1 MiB; evidence has some of them. */
const valueBytesMax = 16 * 1024 * 1024;
/** Lists and objects: each attempt is an object, and each row is some. */
const openedMax = evidenceAttemptsMax + 5_000;

export type SavedFile =
  | { readonly kind: "export" }
  | { readonly kind: "proof"; readonly proof: AuditProof }
  | { readonly kind: "consistency"; readonly proof: ConsistencyProof }
  | { readonly kind: "evidence"; readonly file: EvidenceFile };

export function openLines(file: string): AsyncGenerator<Buffer> {
  return readLines(createReadStream(file, { highWaterMark: 1_048_576 }));
}

/** Everything that is nothing else counts as an export, whose verification says what is wrong. */
export async function readSaved(file: string): Promise<SavedFile> {
  const value = await readValue(file);
  const proof = AuditProof.safeParse(value).data;
  if (proof) return { kind: "proof", proof };
  const consistency = ConsistencyProof.safeParse(value).data;
  if (consistency) return { kind: "consistency", proof: consistency };
  const evidence = EvidenceFile.safeParse(value).data;
  if (evidence) return { kind: "evidence", file: evidence };
  return { kind: "export" };
}

/** The head in an export, a proof or evidence. @throws {ExportFault} if the file has none. */
export async function readSavedHead(file: string): Promise<ProvenHead> {
  const value = await readValue(file);
  for (const schema of [ExportHeader, AuditProof]) {
    const { data } = schema.safeParse(value);
    if (data) return headOf(data);
  }
  const trail = EvidenceFile.safeParse(value).data?.evidence.trail;
  if (trail) return trail;
  throw new ExportFault(`${file} has no head of a trail.`);
}

function headOf({ head, position, map, epoch, proof }: ProvenHead): ProvenHead {
  return { head, position, map, epoch, proof };
}

/** An export's first line, or the value of a whole file, which may be printed on many lines. */
async function readValue(file: string): Promise<unknown> {
  // It is opened more than once, and a pipe has its content for the first one alone.
  const found = await stat(file);
  if (!found.isFile()) throw new ExportFault(`${file} isn't a regular file.`);
  const { value: line } = await openLines(file).next();
  const header = ExportHeader.safeParse(line && parseExact(line)).data;
  if (header || found.size > valueBytesMax) return header;
  return parseExact(await readFile(file), openedMax);
}
