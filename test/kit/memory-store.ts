/**
 * A store in memory that refuses what Firestore refuses, in the same way, for tests of changes
 * whose commit fails.
 */
import { Timestamp } from "@google-cloud/firestore";
import type * as z from "zod";
import type { Page } from "#shared/contract/common";
import type { CommitStore } from "#shared/store/commit-coordinator";
import {
  type CollectionRef,
  parseStored,
  type Ref,
  type Snapshot,
  type Version,
  type Write,
} from "#shared/store/documents";
import type { PageRequest } from "#shared/store/queries";
import { type FoundDocument, requireFound } from "#shared/store/read-document";

const codes = { invalid: 3, notFound: 5, exists: 6, precondition: 9 } as const;
/** The limit of a whole request. */
const requestBytesMax = 10 * 1024 * 1024;

interface Stored {
  readonly value: Readonly<Record<string, unknown>>;
  readonly version: Version;
}

export class MemoryStore implements CommitStore {
  readonly #documents = new Map<string, Stored>();
  #clock = 1;
  /** Every commit that was tried, by the paths it wrote. */
  readonly tried: (readonly string[])[] = [];
  /** Awaited before a commit is carried out, so that a test can hold it there. */
  before: (writes: readonly Write[]) => Promise<void> = async () => {};

  async get<S extends z.ZodType<object>>(ref: Ref<S>): Promise<Snapshot<S>> {
    await turn();
    const found = this.#documents.get(ref.path);
    if (!found) return { ref, value: null, version: null };
    return { ref, value: parseStored(ref.schema, found.value), version: found.version };
  }

  async getAll<R extends readonly Ref[]>(
    ...refs: R
  ): Promise<{ [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never }> {
    const found = await Promise.all(refs.map((ref) => this.get(ref)));
    return found as { [K in keyof R]: R[K] extends Ref<infer S> ? Snapshot<S> : never };
  }

  async require<S extends z.ZodType<object>>(ref: Ref<S>): Promise<FoundDocument<S>> {
    return requireFound(await this.get(ref));
  }

  /** The documents of a collection whose fields equal those of `where`; it knows no order. */
  async findAll<S extends z.ZodType<object>>(
    { path, schema }: CollectionRef<S>,
    { where = [], limit }: Pick<PageRequest, "where" | "limit">,
  ): Promise<readonly FoundDocument<S>[]> {
    await turn();
    const all = [...this.#documents].filter(
      ([at, { value }]) =>
        isIn(path, at) && where.every(([field, wanted]) => value[field] === wanted),
    );
    return all.slice(0, limit).map(([at, { value, version }]) => {
      return { ref: { path: at, schema }, value: parseStored(schema, value), version };
    });
  }

  /** A page in the order of one field and then of the ids, as `Store.page` has it. */
  async page<S extends z.ZodType<object>>(
    collection: CollectionRef<S>,
    { where = [], orderBy, after, limit, offset }: PageRequest,
  ): Promise<Page<z.output<S>>> {
    const [[field, direction] = ["id", "asc"]] = orderBy;
    const every = await this.findAll(collection, { where, limit: Number.POSITIVE_INFINITY });
    const compare = (a: Place, b: Place) => {
      const ascending = a.value < b.value || (a.value === b.value && a.id < b.id) ? -1 : 1;
      return direction === "asc" ? ascending : -ascending;
    };
    const placed = every
      .map(({ ref, value }) => ({ value, place: placeOf(ref.path, value, field) }))
      .toSorted((a, b) => compare(a.place, b.place))
      .filter(({ place }) => !after || (place.id !== after.id && compare(place, after) > 0));
    const end = offset + limit;
    const items = placed.slice(offset, end).map(({ value }) => value);
    return { items, hasMore: placed.length > end, total: every.length };
  }

  async exists(path: string): Promise<boolean> {
    await turn();
    return this.#documents.has(path);
  }

  async commitWithoutRetry(writes: readonly Write[]): Promise<readonly Version[]> {
    this.tried.push(writes.map(({ path }) => path));
    await turn();
    await this.before(writes);
    const text = JSON.stringify(writes);
    if (Buffer.byteLength(text) > requestBytesMax) throw failure(codes.invalid, "too large");
    // Invalid Unicode can't be sent, and the whole request is refused for it.
    if (/\\ud[89a-f][0-9a-f]{2}/i.test(text)) throw failure(codes.invalid, "not UTF-8");
    for (const write of writes) this.#check(write);
    this.#clock += 1;
    const version = new Timestamp(this.#clock, 0);
    return writes.map((write) => this.#write(write, version));
  }

  async commit(writes: readonly Write[]): Promise<Version> {
    const version = (await this.commitWithoutRetry(writes)).at(-1);
    if (!version) throw new Error("a commit needs a write");
    return version;
  }

  #check(write: Write): void {
    const found = this.#documents.get(write.path);
    const mustBeMissing = write.op === "create" || (write.op === "remove" && write.mustBeMissing);
    if (mustBeMissing && found) throw failure(codes.exists, write.path);
    const version = "version" in write ? write.version : null;
    const needsOne = version || (write.op === "patch" && write.mustExist);
    if (!found && needsOne) throw failure(codes.notFound, write.path);
    if (!found || !version) return;
    const difference = version.valueOf().localeCompare(found.version.valueOf());
    if (difference > 0) throw failure(codes.invalid, `${write.path}: a version to come`);
    if (difference < 0) throw failure(codes.precondition, write.path);
  }

  /** A write that changes nothing keeps the document's version, as in Firestore. */
  #write(write: Write, version: Version): Version {
    const found = this.#documents.get(write.path);
    if (write.op === "remove") {
      this.#documents.delete(write.path);
      return version;
    }
    const value = write.op === "patch" ? patched(found?.value ?? {}, write) : record(write.value);
    if (found && JSON.stringify(found.value) === JSON.stringify(value)) return found.version;
    this.#documents.set(write.path, { value, version });
    return version;
  }
}

/** What is below a document of the collection is in another one. */
function isIn(collection: string, path: string): boolean {
  return path.startsWith(`${collection}/`) && !path.includes("/", collection.length + 1);
}

interface Place {
  readonly value: number | string;
  readonly id: string;
}

function placeOf(path: string, value: object, field: string): Place {
  const stored: unknown = Reflect.get(value, field);
  if (typeof stored !== "number" && typeof stored !== "string") throw new Error(`no ${field}`);
  return { value: stored, id: path.slice(path.lastIndexOf("/") + 1) };
}

function patched(before: Stored["value"], write: Extract<Write, { op: "patch" }>) {
  const value = structuredClone(before) as Record<string, unknown>;
  for (const [path, field] of Object.entries(write.fields)) set(value, path.split("."), field);
  for (const [name, by] of Object.entries(write.increments)) {
    value[name] = Number(value[name] ?? 0) + by;
  }
  return value;
}

function set(
  target: Record<string, unknown>,
  [name = "", ...rest]: string[],
  field: unknown,
): void {
  if (rest.length === 0) target[name] = field;
  else {
    target[name] ??= {};
    set(target[name] as Record<string, unknown>, rest, field);
  }
}

function record(value: object): Stored["value"] {
  return { ...value };
}

function failure(code: number, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
