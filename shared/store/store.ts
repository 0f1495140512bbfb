import type { Firestore, Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import type * as z from "zod";
import type { Page } from "../contract/common.ts";
import { Fault } from "../core/fault.ts";
import { batchOf, commitBatchWithoutRetry } from "./batch.ts";
import { type GroupRequest, readGroup, readGroupPaths } from "./collection-groups.ts";
import { readCountedPage } from "./counted-page.ts";
import {
  type CollectionGroupRef,
  type CollectionRef,
  parseStored,
  type Ref,
  type Snapshot,
  type Version,
  type Write,
} from "./documents.ts";
import { type DueDocument, type DueRequest, readDue } from "./due-documents.ts";
import { listenHighest } from "./listen-highest.ts";
import {
  type Filter,
  filtered,
  first,
  type ManyRequest,
  ordered,
  type PageRequest,
  type WalkRequest,
} from "./queries.ts";
import { type FoundDocument, requireFound, toFound, toSnapshot } from "./read-document.ts";
import { type Fitting, readFitting } from "./read-page.ts";
import {
  type Below,
  type PathsRequest,
  readBelow,
  readDistinct,
  readParts,
  readPaths,
  readVersions,
} from "./read-paths.ts";
import { ReadSnapshot } from "./read-snapshot.ts";
import { readSums, type Sums } from "./read-sums.ts";
import type { ReadTurns } from "./read-turns.ts";
import type { Listener } from "./shared-listener.ts";
import { SharedState } from "./shared-state.ts";
import { withDeadline, withDeadlineEach } from "./with-deadline.ts";

type Schema = z.ZodType<object>;

/** A store that can't commit, for steps that only read. */
export type ReadStore = Omit<Store, "forClient" | "commit" | "commitWithoutRetry">;

/** Reads documents by references, which only an entitled caller can make, and commits writes. */
export class Store {
  readonly #db: Firestore;
  readonly #shared: SharedState;
  readonly #turns: ReturnType<ReadTurns["for"]>;
  constructor(
    db: Firestore,
    shared = new SharedState(db),
    clientSignal: AbortSignal | null = null,
  ) {
    this.#db = db;
    this.#shared = shared;
    this.#turns = shared.turns.for(clientSignal);
  }

  /** This store for one request, whose waiting reads give up when `clientSignal` is aborted. */
  forClient(clientSignal: AbortSignal): Store {
    return new Store(this.#db, this.#shared, clientSignal);
  }

  async get<S extends Schema>(ref: Ref<S>): Promise<Snapshot<S>> {
    const [snapshot] = await this.getAll(ref);
    return snapshot;
  }

  /** @throws {ApiError} `NOT_FOUND`, for a missing id and for another owner's id alike. */
  async require<S extends Schema>(ref: Ref<S>): Promise<FoundDocument<S>> {
    return requireFound(await this.get(ref));
  }

  /** Reads several documents in one call, in the order asked for. */
  async getAll<R extends readonly Ref[]>(
    ...refs: R
  ): Promise<{ [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never }> {
    const snapshots = await withDeadline(this.#shared.reads.read(refs.map(({ path }) => path)));
    const results = refs.map((ref, index) => {
      const snapshot = snapshots[index];
      if (!snapshot) throw new Fault("Firestore answered fewer documents than were asked for");
      return toSnapshot(ref, snapshot);
    });
    return results as { [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never };
  }

  /**
   * Reads only the fields of `part` of several documents, in one call and in the order asked for.
   * The other fields may be large and aren't sent. Null stands for a document that doesn't exist.
   */
  async getParts<S extends z.ZodObject>(
    part: S,
    refs: readonly Ref[],
  ): Promise<readonly (z.output<S> | null)[]> {
    return await withDeadline(readParts(this.#db, part, refs));
  }

  /**
   * One page of a collection, whether another follows, and how many documents it has in all. A
   * number above 1,000 may be ten seconds old; see `counted-page.ts`.
   * @throws {ApiError} `VALIDATION_FAILED` if the page's documents are too large together.
   */
  async page<S extends Schema>(
    collection: CollectionRef<S>,
    request: PageRequest,
  ): Promise<Page<z.output<S>>> {
    const { totals } = this.#shared;
    const read = async (signal: AbortSignal) =>
      await readCountedPage(this.#visible(collection), request, { collection, totals, signal });
    const page = await this.#turns.take("pages", [collection, request], read);
    const { documents, hasMore, total } = page;
    const items = documents.map((doc) => parseStored(collection.schema, doc.data()));
    return { items, hasMore, total };
  }

  /**
   * How many documents match, and the sums of `fields` over them. The database computes both
   * exactly, and bills one read per 1,000 index entries, at least one.
   */
  async sum(
    collection: CollectionRef,
    { fields, ...filter }: Filter & { readonly fields: readonly string[] },
  ): Promise<Sums> {
    const matching = filtered(this.#visible(collection), filter);
    return await this.#turns.take("sums", [collection, filter], () => readSums(matching, fields));
  }

  /** The distinct texts of `field`, in order, at most `max`: each by a read in its own turn. */
  async distinct(collection: CollectionRef, field: string, max: number): Promise<string[]> {
    return await readDistinct(this.#visible(collection), { field, max }, (next) =>
      this.#turns.take("sums", [collection], async () => await next.get()),
    );
  }

  /** The paths of matching documents, which aren't read, in the order of their ids. */
  async findPaths(collection: CollectionRef, request: PathsRequest): Promise<readonly string[]> {
    return await withDeadline(readPaths(this.#visible(collection), request));
  }

  /** The same, with the versions. */
  async findVersions(collection: CollectionRef, request: PathsRequest) {
    return await withDeadline(readVersions(this.#visible(collection), request));
  }

  /** Every matching document, at most `limit`, each with its reference and version. */
  async findAll<S extends Schema>(
    collection: CollectionRef<S>,
    request: ManyRequest,
  ): Promise<readonly FoundDocument<S>[]> {
    const query = first(this.#visible(collection), request);
    const { docs } = await this.#turns.ifMany("pages", [collection, request], () => query.get());
    return docs.map((doc) => toFound(collection.schema, doc));
  }

  /**
   * Like `findAll`, but stops at a size or when `isEnough` says so, after at least one document.
   */
  async findFitting<S extends Schema>(
    collection: CollectionRef<S>,
    request: WalkRequest,
    fitting: Fitting<S> = {},
  ): Promise<readonly FoundDocument<S>[]> {
    return (await this.walk(collection, request, fitting)).found;
  }

  /** Like `findFitting`, but says as well whether there are certainly no more documents. */
  async walk<S extends Schema>(
    collection: CollectionRef<S>,
    request: WalkRequest,
    fitting: Fitting<S> = {},
  ): Promise<{ readonly found: readonly FoundDocument<S>[]; readonly isEnd: boolean }> {
    const query = ordered(this.#visible(collection), request);
    const found: FoundDocument<S>[] = [];
    const note = (doc: QueryDocumentSnapshot) => {
      const one = toFound(collection.schema, doc);
      found.push(one);
      return fitting.isEnough?.(one.value) ?? false;
    };
    const options = { ...fitting, limit: request.limit, isEnough: note };
    const read = (signal: AbortSignal) => readFitting(query, { ...options, signal });
    const { isEnd } = await this.#turns.take("pages", [collection, request], read);
    return { found, isEnd };
  }

  /** A page of everything of one kind that is an owner's; see `readGroup`. */
  async walkGroup<S extends Schema>(
    group: CollectionGroupRef<S>,
    request: GroupRequest,
    fitting: Omit<Fitting<S>, "isEnough"> = {},
  ) {
    return await this.#turns.take("pages", [{ path: group.ownerPath }], (signal) =>
      readGroup(this.#db, group, { ...request, ...fitting, signal }),
    );
  }

  /** The same, but only the paths. */
  async findGroupPaths(group: CollectionGroupRef, request: GroupRequest) {
    return await withDeadline(readGroupPaths(this.#db, group, request));
  }

  /** The collections and documents below a document, for the check that a deletion left nothing. */
  async findBelow(path: string, limit: number): Promise<Below> {
    return await withDeadline(readBelow(this.#db.doc(path), limit));
  }

  /** Like `findAll`, but reads the fields of `part` only, so the rest isn't sent. */
  async findParts<S extends z.ZodObject>(
    collection: CollectionRef,
    part: S,
    request: ManyRequest,
  ): Promise<readonly z.output<S>[]> {
    const parts = first(this.#visible(collection), request).select(...Object.keys(part.shape));
    const { docs } = await this.#turns.ifMany("parts", [collection, request], () => parts.get());
    return docs.map((doc) => parseStored(part, doc.data()));
  }

  /**
   * Finds due documents for sweeps, which name no owner: those of one collection, or those of the
   * collections with one name below each owner.
   */
  async findDue<S extends z.ZodObject>(
    source: CollectionRef<S> | { readonly collectionGroup: string; readonly schema: S },
    request: DueRequest,
  ): Promise<readonly DueDocument<S>[]> {
    const all =
      "path" in source ? this.#visible(source) : this.#db.collectionGroup(source.collectionGroup);
    return await withDeadline(readDue(all, source.schema, request));
  }

  /**
   * Calls back with the document whose `field` is highest, or null if there is none: now, and
   * whenever there is a higher one, until the returned function is called. Documents in between are
   * skipped, which costs neither memory nor reads.
   */
  listenHighest<S extends Schema>(
    collection: CollectionRef<S>,
    field: string,
    listener: Listener<z.output<S> | null>,
  ): () => void {
    const key = JSON.stringify([collection.path, collection.within, field]);
    const source = { schema: collection.schema, field };
    const start = (all: Listener<object | null>) =>
      listenHighest(this.#visible(collection), source, all);
    const typed = {
      ...listener,
      next: (value: object | null) => listener.next(value as z.output<S> | null),
    };
    return this.#shared.listeners.listen(key, start, typed);
  }

  /** Runs several reads on one snapshot of the database, and all of them again if one fails. */
  async withSnapshot<T>(work: (snapshot: ReadSnapshot) => Promise<T>): Promise<T> {
    return await withDeadlineEach((answered) =>
      this.#db.runTransaction(
        (transaction) => work(new ReadSnapshot(this.#db, transaction, answered)),
        { readOnly: true },
      ),
    );
  }

  async exists(path: string): Promise<boolean> {
    const [snapshot] = await withDeadline(this.#shared.reads.read([path]));
    return snapshot?.exists === true;
  }

  /**
   * Commits all of `writes` or none; returns the version that every changed document then has. The
   * client library retries for minutes, even after the caller has given up, so this is only for
   * changes that may land late.
   */
  async commit(writes: readonly Write[]): Promise<Version> {
    const results = await batchOf(this.#db, writes).commit();
    const last = results.at(-1);
    if (!last) throw new Fault("a commit needs a write");
    return last.writeTime;
  }

  /**
   * Like `commit`, but tries only once: after a failure it has either happened or never will.
   * @returns The version of each written document; an unchanged document keeps its old one.
   */
  async commitWithoutRetry(writes: readonly Write[]): Promise<readonly Version[]> {
    return await commitBatchWithoutRetry(batchOf(this.#db, writes));
  }

  /** The part of a collection that the holder of the reference may see. */
  #visible({ path, within }: CollectionRef): Query {
    const all = this.#db.collection(path);
    return within ? all.where(within.field, "in", [...within.ids]) : all;
  }
}
