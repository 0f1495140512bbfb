/** A trail of sample rows as the sequencer stores it, in memory, for readers of trees. */
import type * as z from "zod";
import { AuditRow, leafHash } from "#shared/core/audit/audit-row";
import {
  appendLeaf,
  emptyFrontier,
  type FilledNode,
  type Hash,
} from "#shared/core/audit/merkle-tree";
import { hashOf, hexOf } from "#shared/core/audit/proven-head";
import { mintOwner } from "#shared/identity/owner";
import type { StoredAuditRow } from "#shared/store/audit-rows";
import type { CollectionRef, Ref } from "#shared/store/documents";
import type { PageRequest } from "#shared/store/queries";
import { ownerId, sampleRow } from "./audit-export.ts";

type Row = z.output<typeof StoredAuditRow>;
type Request = Omit<PageRequest, "offset">;

export class TrailStore {
  readonly owner = mintOwner(ownerId, "development");
  readonly rows: Row[];
  /** How many rows have been read. */
  rowsRead = 0;
  readonly #nodes = new Map<string, string>();

  /** @param sealedBytes The length of each row's sealed details. */
  constructor(size: number, sealedBytes = 0) {
    const sealedDetails = sealedBytes > 0 ? "x".repeat(sealedBytes) : null;
    this.rows = Array.from({ length: size }, (_, sequence) => {
      const row = { ...sampleRow(sequence), sealedDetails };
      return { ...row, leafHash: leafHash(row), unsequenced: null, sequence };
    });
    const filled: FilledNode[] = [];
    this.leaves.reduce((frontier, leaf) => {
      const appended = appendLeaf(frontier, leaf);
      filled.push(...appended.filled.filter(({ level }) => level >= 8));
      return appended.frontier;
    }, emptyFrontier);
    for (const { level, index, hash } of filled) this.#nodes.set(`${level}-${index}`, hexOf(hash));
  }

  get leaves(): readonly Hash[] {
    return this.rows.map((row) => hashOf(row.leafHash));
  }

  /** Removes a stored root and a row, as somebody with access to the database could. */
  lose(node: string, sequence: number): void {
    this.#nodes.delete(node);
    this.rows.splice(sequence, 1);
  }

  async getParts<S extends z.ZodObject>(part: S, refs: readonly Ref[]) {
    return refs.map(({ path }) => {
      const hash = this.#nodes.get(path.split("/").at(-1) ?? "");
      return hash === undefined ? null : part.parse({ v: 1, hash });
    });
  }

  async findParts<S extends z.ZodObject>(_all: CollectionRef, part: S, request: Request) {
    const rows = this.#between(request);
    this.rowsRead += rows.length;
    return rows.map((row) => part.parse(row));
  }

  async findFitting<S extends z.ZodType<object>>(
    all: CollectionRef<S>,
    request: Request,
    { bytesMax = Number.POSITIVE_INFINITY }: { readonly bytesMax?: number } = {},
  ) {
    let bytes = 0;
    const fitting = this.#between(request).filter((row, index) => {
      bytes += JSON.stringify(row).length;
      return index === 0 || bytes <= bytesMax;
    });
    this.rowsRead += fitting.length;
    const { schema } = all;
    const found = { version: null as never };
    return fitting.map((row) => {
      return { ...found, ref: { path: `${all.path}/${row.id}`, schema }, value: schema.parse(row) };
    });
  }

  #between({ between, limit }: Request): readonly Row[] {
    const { from = 0, to = Number.POSITIVE_INFINITY } = between ?? {};
    const inside = ({ sequence }: Row) => sequence !== null && sequence >= from && sequence <= to;
    return this.rows.filter(inside).slice(0, limit);
  }
}

/** The row without what the sequencer adds. */
export function plainRow(row: Row): AuditRow {
  return AuditRow.parse(row);
}
