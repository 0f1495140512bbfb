/**
 * The file form of archived ledger lines: one object holds an owner's next lines, in the order of
 * the ledger. Its first line of JSON says which lines came before, so a gap, a repetition or an
 * edit shows when an owner's objects are read in order. Texts that people wrote are left out,
 * because an auditor who reads the archive years later needs amounts and no names.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { canonicalBytes } from "../audit/canonical-bytes.ts";
import { hexHash } from "../audit/heads.ts";

export const ArchivedLine = z.strictObject({
  id: z.string(),
  type: z.enum(["credit", "charge", "loss", "adjustment"]),
  amountMicrousd: z.int(),
  lossMicrousd: z.int().min(0),
  executionId: z.string().nullable(),
  keyId: z.string().nullable(),
  model: z.string().nullable(),
  /** Epoch milliseconds. */
  createdAt: z.int(),
});
export type ArchivedLine = z.infer<typeof ArchivedLine>;

const Totals = z.strictObject({
  lines: z.int().min(0),
  balanceMicrousd: z.int(),
  lossMicrousd: z.int().min(0),
});
export type ArchiveTotals = z.infer<typeof Totals>;

export const noTotals: ArchiveTotals = { lines: 0, balanceMicrousd: 0, lossMicrousd: 0 };

const Header = z.strictObject({
  format: z.literal("paddock-billing-archive-1"),
  ownerId: z.string(),
  /** The first object is number 1. */
  number: z.int().min(1),
  /** The SHA-256 of the object before; null for the first. */
  previous: hexHash.nullable(),
  /** The totals of all objects before. */
  before: Totals,
  lines: z.int().min(1),
});

/** How far an owner's archive has come: what its next object continues. */
export interface ArchiveState {
  readonly ownerId: string;
  /** How many objects there are. */
  readonly objects: number;
  /** The SHA-256 of the last one; null if there is none. */
  readonly last: string | null;
  readonly totals: ArchiveTotals;
}

export function emptyArchive(ownerId: string): ArchiveState {
  return { ownerId, objects: 0, last: null, totals: noTotals };
}

/** @returns the bytes of the next object, which depend on nothing else, and the state after it. */
export function appendLines(
  state: ArchiveState,
  lines: readonly ArchivedLine[],
): { readonly bytes: Buffer; readonly state: ArchiveState } {
  const header: z.infer<typeof Header> = {
    format: "paddock-billing-archive-1",
    ownerId: state.ownerId,
    number: state.objects + 1,
    previous: state.last,
    before: state.totals,
    lines: lines.length,
  };
  const bytes = Buffer.concat(
    [header, ...lines].flatMap((line) => [canonicalBytes(line), newline]),
  );
  return { bytes, state: after(state, lines, bytes) };
}

/**
 * Reads an object that must continue `state`.
 * @returns its lines, or in one sentence why it doesn't continue what was before.
 */
export function readNext(
  state: ArchiveState,
  bytes: Buffer,
): { readonly lines: readonly ArchivedLine[]; readonly state: ArchiveState } | string {
  const parsed = parse(bytes);
  if (parsed === null) return "isn't in the archive's form";
  const expected = appendLines(state, parsed.lines);
  if (!expected.bytes.equals(bytes)) return "doesn't continue the object before it";
  return { lines: parsed.lines, state: expected.state };
}

/** How many lines an object says that it has; null if it isn't one. */
export function countLines(bytes: Buffer): number | null {
  return parse(bytes)?.lines.length ?? null;
}

const newline = Buffer.from("\n");

function after(state: ArchiveState, lines: readonly ArchivedLine[], bytes: Buffer): ArchiveState {
  const { totals } = state;
  return {
    ownerId: state.ownerId,
    objects: state.objects + 1,
    last: createHash("sha256").update(bytes).digest("hex"),
    totals: {
      lines: totals.lines + lines.length,
      balanceMicrousd: lines.reduce(
        (sum, line) => sum + line.amountMicrousd,
        totals.balanceMicrousd,
      ),
      lossMicrousd: lines.reduce((sum, line) => sum + line.lossMicrousd, totals.lossMicrousd),
    },
  };
}

function parse(bytes: Buffer) {
  try {
    const [first, ...rest] = bytes.toString().trimEnd().split("\n");
    const header = Header.parse(JSON.parse(first ?? ""));
    return { header, lines: rest.map((line) => ArchivedLine.parse(JSON.parse(line))) };
  } catch {
    return null;
  }
}
