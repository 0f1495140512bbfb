import {
  AggregateField,
  type Firestore,
  type Query,
  type QueryDocumentSnapshot,
} from "@google-cloud/firestore";
import type * as z from "zod";
import { Fault } from "../core/fault.ts";
import { ApiError } from "../errors/api-error.ts";
import { batchOf, commitBatchOnce } from "./batch.ts";
import { BatchedReader } from "./batched-reader.ts";
import {
  type CollectionRef,
  isVisible,
  parseStored,
  type Ref,
  type Snapshot,
  type Version,
  type Write,
} from "./documents.ts";
import { type Filter, filtered, ordered, type PageRequest } from "./queries.ts";
import { type Found, found, read } from "./read-document.ts";
import { pageBytesMax, readFitting, readPage } from "./read-page.ts";
import { ReadSnapshot } from "./read-snapshot.ts";
import { type Listener, SharedListener, tell } from "./shared-listener.ts";
import { withDeadline } from "./with-deadline.ts";

type Schema = z.ZodType<object>;

/** Reads of documents somebody was entitled to name, and the commit that writes. */
export class Store {
  readonly #db: Firestore;
  readonly #reads: BatchedReader;
  readonly #listeners = new SharedListener<object | null>();
  constructor(db: Firestore) {
    this.#db = db;
    this.#reads = new BatchedReader(db);
  }

  async get<S extends Schema>(ref: Ref<S>): Promise<Snapshot<S>> {
    const [snapshot] = await this.getAll(ref);
    return snapshot;
  }

  /** @throws {ApiError} `NOT_FOUND`, for a missing id and for another owner's id alike. */
  async require<S extends Schema>(ref: Ref<S>): Promise<Found<S>> {
    return present(await this.get(ref));
  }

  /** Several documents in one call, in the order asked for. */
  async getAll<R extends readonly Ref[]>(
    ...refs: R
  ): Promise<{ [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never }> {
    const snapshots = await withDeadline(this.#reads.read(refs.map(({ path }) => path)));
    const read_ = refs.map((ref, index) => {
      const snapshot = snapshots[index];
      if (!snapshot) throw new Fault("Firestore answered fewer documents than were asked for");
      return read(ref, snapshot);
    });
    return read_ as { [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never };
  }

  /**
   * The fields of `part` alone, of several documents in one call and in the order asked for: what
   * else they hold, and it may be much, isn't sent. Null where there is none.
   */
  async getParts<S extends z.ZodObject>(
    part: S,
    refs: readonly Ref[],
  ): Promise<readonly (z.output<S> | null)[]> {
    if (refs.length === 0) return [];
    const fields = [
      ...Object.keys(part.shape),
      ...refs.flatMap(({ within }) => within?.field ?? []),
    ];
    const places = refs.map(({ path }) => this.#db.doc(path));
    const read_ = await withDeadline(
      this.#db.getAll(...places, { fieldMask: [...new Set(fields)] }),
    );
    return refs.map((ref, index) => {
      const data = read_[index]?.data();
      return data && isVisible(ref, data) ? parseStored(part, data) : null;
    });
  }

  /**
   * One page of a collection and how many documents it has in all.
   * @throws {ApiError} `VALIDATION_FAILED` if the page's documents are too large together.
   */
  async page<S extends Schema>(
    collection: CollectionRef<S>,
    request: PageRequest,
  ): Promise<{ readonly items: readonly z.output<S>[]; readonly total: number }> {
    const all = this.#visible(collection);
    const query = ordered(all, request).offset(request.offset).limit(request.limit);
    const [documents, counted] = await withDeadline(
      Promise.all([readPage(query), filtered(all, request).count().get()]),
    );
    const items = documents.map((doc) => parseStored(collection.schema, doc.data()));
    return { items, total: counted.data().count };
  }

  /**
   * How many documents match, and what each of `fields` adds up to over them: exact, and summed
   * where they lie. Billed as a read per 1,000 index entries, and as one at least.
   */
  async sum(
    collection: CollectionRef,
    { fields, ...filter }: Filter & { readonly fields: readonly string[] },
  ): Promise<{ readonly count: number; readonly sums: readonly number[] }> {
    const sums = fields.map((field) => [`sum ${field}`, AggregateField.sum(field)] as const);
    const aggregates = { ...Object.fromEntries(sums), count: AggregateField.count() };
    const matching = filtered(this.#visible(collection), filter);
    const data: Record<string, number> = (
      await withDeadline(matching.aggregate(aggregates).get())
    ).data();
    return { count: data.count ?? 0, sums: sums.map(([name]) => data[name] ?? 0) };
  }

  /** The different texts that `field` has, in order, at most `max`: a read and a trip each. */
  async distinct(collection: CollectionRef, field: string, max: number): Promise<string[]> {
    const ordered = this.#visible(collection).orderBy(field).select(field).limit(1);
    const values: string[] = [];
    while (values.length < max) {
      const { docs } = await withDeadline(ordered.where(field, ">", values.at(-1) ?? "").get());
      const value = docs[0]?.get(field);
      if (typeof value !== "string") break;
      values.push(value);
    }
    return values;
  }

  /** Every matching document, at most `limit`, each with its place and version. */
  async findRefs<S extends Schema>(
    collection: CollectionRef<S>,
    request: Omit<PageRequest, "offset">,
  ): Promise<readonly Found<S>[]> {
    const documents = await withDeadline(
      ordered(this.#visible(collection), request).limit(request.limit).get(),
    );
    return documents.docs.map((doc) => found(collection.schema, doc));
  }

  /**
   * As `findRefs`, but no more of the first ones than `bytesMax`, nor any after the one that was
   * enough; the first one at least.
   */
  async findFitting<S extends Schema>(
    collection: CollectionRef<S>,
    request: Omit<PageRequest, "offset">,
    fitting: {
      readonly bytesMax?: number;
      readonly isEnough?: (value: z.output<S>) => boolean;
    } = {},
  ): Promise<readonly Found<S>[]> {
    const query = ordered(this.#visible(collection), request).limit(request.limit);
    const { bytesMax = pageBytesMax, isEnough } = fitting;
    const values: Found<S>[] = [];
    const note = (doc: QueryDocumentSnapshot) => {
      const one = found(collection.schema, doc);
      values.push(one);
      return isEnough?.(one.value) ?? false;
    };
    await withDeadline(readFitting(query, { bytesMax, isEnough: note }));
    return values;
  }

  /** As `findRefs`, but the fields of `part` alone: what else the documents hold isn't sent. */
  async findParts<S extends z.ZodObject>(
    collection: CollectionRef,
    part: S,
    request: Omit<PageRequest, "offset">,
  ): Promise<readonly z.output<S>[]> {
    const query = ordered(this.#visible(collection), request).limit(request.limit);
    const documents = await withDeadline(query.select(...Object.keys(part.shape)).get());
    return documents.docs.map((doc) => parseStored(part, doc.data()));
  }

  /**
   * Over all owners' collections of one name, the fields of `part` alone: for sweeps, which name no
   * owner. Longest due first.
   */
  async findDue<S extends z.ZodObject>(
    collection: string,
    part: S,
    which: {
      readonly where: readonly [field: string, value: string];
      readonly due: readonly [field: string, until: number];
      readonly limit: number;
    },
  ): Promise<readonly z.output<S>[]> {
    const [field, value] = which.where;
    const [dueField, until] = which.due;
    const query = this.#db
      .collectionGroup(collection)
      .where(field, "==", value)
      .where(dueField, "<=", until)
      .orderBy(dueField)
      .select(...Object.keys(part.shape))
      .limit(which.limit);
    const documents = await withDeadline(query.get());
    return documents.docs.map((doc) => parseStored(part, doc.data()));
  }

  /**
   * Calls back with the document of a collection whose `field` is highest, null if it is empty: now
   * and when there is a higher one, until the returned function is called. Between two calls there
   * may have been more, which costs neither memory nor reads.
   */
  listenHighest<S extends Schema>(
    collection: CollectionRef<S>,
    field: string,
    to: Listener<z.output<S> | null>,
  ): () => void {
    const query = this.#visible(collection).orderBy(field, "desc").limit(1);
    const key = JSON.stringify([collection.path, collection.within, field]);
    const start = (all: Listener<object | null>) =>
      query.onSnapshot(
        // What is thrown in the library's own callback would end the process.
        ({ docs: [doc] }) =>
          tell(all, () => (doc ? parseStored(collection.schema, doc.data()) : null)),
        (error) => all.error(error),
      );
    const typed = { ...to, next: (value: object | null) => to.next(value as z.output<S> | null) };
    return this.#listeners.listen(key, start, typed);
  }

  /** Several reads that all see the database as it was at one moment; repeated if one fails. */
  async atOneMoment<T>(read_: (moment: ReadSnapshot) => Promise<T>): Promise<T> {
    const options = { readOnly: true } as const;
    const seen = this.#db.runTransaction(
      (begun) => read_(new ReadSnapshot(this.#db, begun)),
      options,
    );
    return await withDeadline(seen);
  }

  async exists(path: string): Promise<boolean> {
    const [snapshot] = await withDeadline(this.#reads.read([path]));
    return snapshot?.exists === true;
  }

  /**
   * All of `writes` or none; the version every changed document has afterwards. The client library
   * tries again for minutes, behind the back of a caller that has given up: only for changes that
   * may land late.
   */
  async commit(writes: readonly Write[]): Promise<Version> {
    const results = await batchOf(this.#db, writes).commit();
    const last = results.at(-1);
    if (!last) throw new Fault("a commit of nothing");
    return last.writeTime;
  }

  /**
   * As `commit`, tried once: when it has failed, it is either done by now or never will be.
   * @returns each write's document's version; one that a write left as it was keeps its old one.
   */
  async commitOnce(writes: readonly Write[]): Promise<readonly Version[]> {
    return await commitBatchOnce(batchOf(this.#db, writes));
  }

  /** A collection as far as whoever holds the reference may see it. */
  #visible({ path, within }: CollectionRef): Query {
    const all = this.#db.collection(path);
    return within ? all.where(within.field, "in", [...within.ids]) : all;
  }
}

/** @throws {ApiError} `NOT_FOUND` if there is no such document. */
export function present<S extends Schema>(snapshot: Snapshot<S>): Found<S> {
  if (snapshot.version) return snapshot;
  throw new ApiError("NOT_FOUND");
}
