/**
 * Signs the log with its open epoch and stores the checkpoint, once per size. Nothing is signed
 * that doesn't continue the checkpoint that was stored last: a database that was restored to an
 * earlier time would otherwise begin a second history under the same name.
 */

import { assert } from "../core/assert.ts";
import { formatCheckpoint } from "../core/audit/checkpoint.ts";
import { epochLeaf } from "../core/audit/heads.ts";
import { appendLeaf, rootOf } from "../core/audit/merkle-tree.ts";
import { hexOf } from "../core/audit/proven-head.ts";
import {
  formatNote,
  isSigned,
  type NoteKey,
  parseNote,
  type SignedNote,
  signatureOf,
} from "../core/audit/signed-note.ts";
import type { CallTurn } from "../core/call-turn.ts";
import { Fault } from "../core/fault.ts";
import { checkpointPublicKey, signCheckpoint } from "../google/checkpoint-key.ts";
import { readCheckpointNote, storeCheckpointNote } from "../google/checkpoints.ts";
import { type AuditLog, auditEpochs, auditLogNodes, auditLogs } from "../store/audit-trees.ts";
import { create, replace } from "../store/documents.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { askWitnesses } from "./ask-witnesses.ts";
import { loadOrCreate } from "./load-or-create.ts";
import { findSigner, withSigner } from "./log-keys.ts";
import { proveLogConsistency, storedLogLevel } from "./prove-log-consistency.ts";
import { readFrontier } from "./sequence-rows.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

/** The stored checkpoints and the database tell different histories. A person must look at it. */
export class LogFork extends Fault {
  override readonly name = "LogFork";
  readonly size: number;
  constructor(size: number) {
    super("the stored checkpoint isn't one of this log");
    this.size = size;
  }
}

/** The log of this name, which begins empty. */
export async function loadLog(
  deps: SequencerDeps,
  origin: string,
): Promise<FoundDocument<typeof AuditLog>> {
  const none = { size: 0, roots: [], rootsBefore: null, open: null, lastAt: 0, keys: [] };
  const empty: AuditLog = { v: 1, origin, ...none };
  return await loadOrCreate(deps, auditLogs.doc(encodeURIComponent(origin)), () => empty);
}

/**
 * Safe to repeat at any point: the same epoch gives the same text, the same signature and the same
 * object. @throws {LogFork} and signs nothing if the stored checkpoints are another history's.
 */
export async function signEpoch(
  deps: SequencerDeps,
  { ref, value: log, version }: FoundDocument<typeof AuditLog>,
  report: CallTurn["report"],
): Promise<void> {
  const { open, origin } = log;
  assert(open, "there is an epoch to sign");
  const name = ref.path.split("/")[1] ?? "";
  const before = readFrontier(log);
  const lastLeaf = epochLeaf(open);
  const { frontier, filled } = appendLeaf(before, lastLeaf);
  if (before.size > 0) {
    const text = formatCheckpoint({ origin, size: before.size, root: rootOf(before) });
    await requireStored(origin, before.size, text);
  }
  const text = formatCheckpoint({ origin, size: frontier.size, root: rootOf(frontier) });
  const stored = await readCheckpointNote(origin, frontier.size);
  const { size } = frontier;
  if (stored === null) {
    const tree = { name, frontier, lastLeaf };
    const prove = async (oldSize: number) => await proveLogConsistency(deps, tree, oldSize);
    const note = await signedNote(origin, text);
    const also = await askWitnesses({ size, note, prove }, { now: deps.now, report });
    const signatures = [...note.signatures, ...also];
    await storeCheckpointNote({ origin, size }, formatNote({ text, signatures }));
  }
  const signer = await findSigner(log, await requireStored(origin, size, text));
  if (signer === null) throw new LogFork(size);
  await deps.store.commitWithoutRetry([
    create(auditEpochs.doc(`${name}-${open.number}`), open),
    ...filled
      .filter(({ level }) => level >= storedLogLevel)
      .map(({ level, index, hash }) =>
        create(auditLogNodes.doc(`${name}-${level}-${index}`), { v: 1, hash: hexOf(hash) }),
      ),
    replace(ref, version, {
      ...log,
      size,
      roots: frontier.roots.map(hexOf),
      rootsBefore: log.roots,
      open: null,
      lastAt: open.at,
      keys: withSigner(log.keys, signer, size),
    }),
  ]);
}

/** @throws {LogFork} unless the note that is stored for this size has this text. */
async function requireStored(origin: string, size: number, text: string): Promise<string> {
  const note = await readCheckpointNote(origin, size);
  if (note === null || parseNote(note)?.text !== text) throw new LogFork(size);
  return note;
}

/** The checkpoint with the log's own signature. */
async function signedNote(origin: string, text: string): Promise<SignedNote> {
  const publicKey = await checkpointPublicKey();
  const signature = await signCheckpoint(text);
  if (!isSigned(Buffer.from(text), publicKey, signature)) {
    throw new Fault("KMS: the signature isn't the key's");
  }
  const key: NoteKey = { name: origin, kind: "note", publicKey };
  return { text, signatures: [signatureOf(key, signature)] };
}
