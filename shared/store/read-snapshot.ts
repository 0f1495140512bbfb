import { FieldPath, type Firestore, type Query, type Transaction } from "@google-cloud/firestore";
import type * as z from "zod";
import type { CollectionRef, Ref, Snapshot } from "./documents.ts";
import type { Cursor } from "./queries.ts";
import { type FoundDocument, toFound, toSnapshot } from "./read-document.ts";

type Schema = z.ZodType<object>;

export interface SnapshotPage {
  readonly field: string;
  /** Null at the beginning. */
  readonly after: Cursor | null;
  /** The largest value of the field to include. */
  readonly until?: number;
  readonly limit: number;
}

/** A snapshot of the database: everything that is read from it is consistent. */
export class ReadSnapshot {
  readonly #db: Firestore;
  readonly #transaction: Transaction;
  readonly #answered: () => void;

  /** @param answered Called after each read, for a deadline that is of one read. */
  constructor(db: Firestore, transaction: Transaction, answered: () => void) {
    this.#db = db;
    this.#transaction = transaction;
    this.#answered = answered;
  }

  async get<S extends Schema>(ref: Ref<S>): Promise<Snapshot<S>> {
    return toSnapshot(ref, await this.#read(this.#transaction.get(this.#db.doc(ref.path))));
  }

  /**
   * Reads only the fields of `part`: the others may be large, and aren't sent. Documents that don't
   * exist are missing.
   */
  async getParts<S extends z.ZodObject>(
    part: S,
    refs: readonly Ref[],
  ): Promise<readonly z.output<S>[]> {
    if (refs.length === 0) return [];
    const paths = refs.map((ref) => this.#db.doc(ref.path));
    const mask = { fieldMask: Object.keys(part.shape) };
    const docs = await this.#read(this.#transaction.getAll(...paths, mask));
    return docs.flatMap((doc) => {
      const { value } = toSnapshot({ path: doc.ref.path, schema: part }, doc);
      return value === null ? [] : [value];
    });
  }

  /** Counts the documents that have all of these values. */
  async count(
    collection: CollectionRef,
    where: readonly (readonly [field: string, value: string | null])[],
  ): Promise<number> {
    const all: Query = this.#db.collection(collection.path);
    const matching = where.reduce((query, [field, value]) => query.where(field, "==", value), all);
    return (await this.#read(this.#transaction.get(matching.count()))).data().count;
  }

  /** The next documents of a walk, ordered by a field, and by id where the field is equal. */
  async next<S extends Schema>(
    source: CollectionRef<S>,
    page: SnapshotPage,
  ): Promise<readonly FoundDocument<S>[]> {
    const { docs } = await this.#read(this.#transaction.get(this.#page(source, page)));
    return docs.map((doc) => toFound(source.schema, doc));
  }

  /** The same, but only the fields of `part` are sent. */
  async nextParts<S extends z.ZodObject>(
    source: CollectionRef,
    part: S,
    page: SnapshotPage,
  ): Promise<readonly z.output<S>[]> {
    const parts = this.#page(source, page).select(...Object.keys(part.shape));
    const { docs } = await this.#read(this.#transaction.get(parts));
    return docs.map((doc) => toFound(part, doc).value);
  }

  #page({ path }: CollectionRef, { field, after, until, limit }: SnapshotPage): Query {
    const collection = this.#db.collection(path);
    const bounded = until === undefined ? collection : collection.where(field, "<=", until);
    const ordered = bounded.orderBy(field).orderBy(FieldPath.documentId());
    const rest = after ? ordered.startAfter(after.value, after.id) : ordered;
    return rest.limit(limit);
  }

  async #read<T>(reading: Promise<T>): Promise<T> {
    const found = await reading;
    this.#answered();
    return found;
  }
}
