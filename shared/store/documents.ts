/**
 * Typed references to documents, and writes as values: `decide` returns them, a commit applies
 * them.
 */
import type { Timestamp } from "@google-cloud/firestore";
import * as z from "zod";
import { assert } from "../core/assert.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";

type Stored = z.ZodType<object>;

/** Hides the documents of other environments from the holder of a reference. */
interface WithinEnvironments {
  /** The field that names a document's environment. */
  readonly field: string;
  readonly ids: readonly string[];
}

/** One document, with the schema that validates it on the way in and out. */
export interface Ref<S extends Stored = Stored> {
  readonly path: string;
  readonly schema: S;
  readonly within?: WithinEnvironments;
}

/** A collection of one owner, or one of the system. */
export interface CollectionRef<S extends Stored = Stored> {
  readonly path: string;
  readonly schema: S;
  readonly within?: WithinEnvironments;
  /** See `Sized`. */
  readonly documentBytesMax?: number;
}

/**
 * What the JSON of one document takes at most if it is written today; an earlier one may take more.
 * It is only given where pages of documents of this size can be read at once.
 */
export interface Sized {
  readonly documentBytesMax?: number;
}

/** For collections of documents that the contract keeps small: the largest page is one query. */
export const smallDocuments: Sized = { documentBytesMax: 64 * 1024 };

/** The collections with one name anywhere below an owner, together. */
export interface CollectionGroupRef<S extends Stored = Stored> {
  /** `owners/` and the owner's id. */
  readonly ownerPath: string;
  /** As in the retention table. Other collections with the same name aren't meant. */
  readonly pattern: string;
  readonly schema: S;
}

export interface OwnedCollection<S extends Stored> {
  readonly schema: S;
  readonly name: string;
  /** The names from the root down, with `*` for ids, as in the retention table. */
  readonly pattern: string;
  /** A document of `owner`; nested collections take the outer ids first. */
  of(owner: Owner, ...ids: readonly [string, ...string[]]): Ref<S>;
  all(owner: Owner, ...outerIds: readonly string[]): CollectionRef<S>;
  /** The documents below all outer ones, for jobs that go through everything an owner has. */
  throughout(owner: Owner): CollectionGroupRef<S>;
}

/**
 * @param names The collections from the owner down: `["threads", "messages"]`.
 * @param environmentField The field that names a document's environment. A key that is limited to
 * some environments finds no documents of others, whichever route asks.
 */
export function ownedCollection<S extends Stored>(
  names: readonly [string, ...string[]],
  schema: S,
  environmentField?: (keyof z.output<S> & string) | null,
  size: Sized = {},
): OwnedCollection<S> {
  const pattern = ["owners", ...names].join("/*/");
  const within = ({ environmentIds: ids }: Owner) =>
    ids === null || !environmentField ? {} : { within: { field: environmentField, ids } };
  const path = (owner: Owner, ids: readonly string[]) => {
    assert(ids.every((id) => id !== "" && !id.includes("/")));
    const inner = names.flatMap((name, depth) =>
      depth < ids.length ? [name, ids[depth]] : [name],
    );
    return ["owners", owner.id, ...inner].join("/");
  };
  return {
    schema,
    name: names[names.length - 1] ?? names[0],
    pattern,
    of(owner, ...ids) {
      assert(ids.length === names.length);
      return { path: path(owner, ids), schema, ...within(owner) };
    },
    all(owner, ...outerIds) {
      assert(outerIds.length === names.length - 1);
      return { path: path(owner, outerIds), schema, ...within(owner), ...size };
    },
    throughout(owner) {
      assert(owner.environmentIds === null, "a key that is limited to some environments");
      return { ownerPath: `owners/${owner.id}`, pattern, schema };
    },
  };
}

/** A collection without an owner: keys by their hash, operators, the owners themselves. */
export function systemCollection<S extends Stored>(name: string, schema: S, size: Sized = {}) {
  return {
    schema,
    name,
    pattern: name,
    doc(id: string): Ref<S> {
      assert(id !== "" && !id.includes("/"));
      return { path: `${name}/${id}`, schema };
    },
    all: (): CollectionRef<S> => ({ path: name, schema, ...size }),
  };
}

/** When a document last changed; a write that names it fails if it has changed since. */
export type Version = Timestamp;

/** A document as it was read; `value` and `version` are null if it doesn't exist. */
export type Snapshot<S extends Stored> =
  | { readonly ref: Ref<S>; readonly value: z.output<S>; readonly version: Version }
  | { readonly ref: Ref<S>; readonly value: null; readonly version: null };

export type Write =
  | { readonly op: "create"; readonly path: string; readonly value: object }
  | {
      readonly op: "replace";
      readonly path: string;
      readonly value: object;
      /** Null overwrites whatever is there; see `overwrite`. */
      readonly version: Version | null;
    }
  | {
      readonly op: "patch";
      readonly path: string;
      readonly fields: object;
      readonly increments: Readonly<Record<string, number>>;
      /** Fields that are taken away. */
      readonly removes?: readonly string[];
      /** Without this and without a version, a patch creates a missing document. */
      readonly mustExist?: true;
      readonly version: Version | null;
      /** It changes nothing: its preconditions are what counts, and its version stays. */
      readonly isCheck?: true;
    }
  | {
      readonly op: "remove";
      readonly path: string;
      /** Null deletes the document whatever its version, if it exists. */
      readonly version: Version | null;
      /** Set if there must be no such document; then nothing is deleted. */
      readonly mustBeMissing?: true;
    };

/** Whether the holder of the reference may see a document with these fields. */
export function isVisible({ within }: Ref, fields: object): boolean {
  if (!within) return true;
  const named: unknown = Reflect.get(fields, within.field);
  return typeof named === "string" && within.ids.includes(named);
}

/** The write fails if the document exists. */
export function create<S extends Stored>(ref: Ref<S>, value: z.input<S>): Write {
  const stored = ref.schema.parse(value);
  assert(isVisible(ref, stored), "a document of an environment out of bounds");
  return { op: "create", path: ref.path, value: stored };
}

/** The write fails if the document has changed since `version`. */
export function replace<S extends Stored>(ref: Ref<S>, version: Version, value: z.input<S>): Write {
  return { op: "replace", path: ref.path, value: ref.schema.parse(value), version };
}

/**
 * Creates the document that was missing when it was read, or replaces the one that was there. The
 * write fails if it has changed since.
 * @param version What was read; null if there was no document.
 */
export function createOrReplace<S extends Stored>(
  ref: Ref<S>,
  version: Version | null,
  value: z.input<S>,
): Write {
  return version ? replace(ref, version, value) : create(ref, value);
}

/**
 * Overwrites any version, so what another process wrote meanwhile is lost. It is only for documents
 * where the last write may win: orders to maintenance, its own progress, the end of a log.
 */
export function overwrite<S extends Stored>(ref: Ref<S>, value: z.input<S>): Write {
  return { op: "replace", path: ref.path, value: ref.schema.parse(value), version: null };
}

interface PatchOptions {
  readonly increments?: Readonly<Record<string, number>>;
  readonly removes?: readonly string[];
  readonly version?: Version;
  readonly mustExist?: true;
}

/**
 * Changes some fields of an existing document and adds `increments` to others. With `mustExist` it
 * fails if the document is missing; otherwise pass a version, or be sure that it exists, because a
 * patch would create it. Fields that `removes` names must have a default in the schema.
 */
export function patch<S extends Stored>(
  ref: Ref<S>,
  fields: Partial<z.input<S>>,
  options: PatchOptions = {},
): Write {
  const { increments = {}, removes = [], version = null, mustExist } = options;
  const condition = mustExist ? { mustExist } : {};
  const gone = removes.length > 0 ? { removes } : {};
  return { op: "patch", path: ref.path, fields, increments, version, ...gone, ...condition };
}

/**
 * Sets values inside maps of a document by their path, whatever else changes there. It names no
 * version, so no other change can make it fail (KEY-10).
 * @param valuesByPath Paths consist of our names and ids, never of a user's words.
 */
export function patchInside<S extends z.ZodObject>(
  ref: Ref<S>,
  valuesByPath: Readonly<Record<`${keyof S["shape"] & string}.${string}`, string | number | null>>,
  fields: Partial<z.input<S>> = {},
  options: Pick<PatchOptions, "mustExist"> = {},
): Write {
  return patch(ref, { ...fields, ...valuesByPath }, options);
}

/** Fails if the document has changed since `version`; null removes whatever is there. */
export function remove(ref: Ref, version: Version | null): Write {
  return { op: "remove", path: ref.path, version };
}

/** Changes nothing, but makes its commit fail if the document has changed since it was read. */
export function unchanged<S extends z.ZodType<{ v: number }>>(snapshot: Snapshot<S>): Write {
  const { path } = snapshot.ref;
  if (!snapshot.version) return { op: "remove", path, version: null, mustBeMissing: true };
  // A patch needs a field; this one gets the value that it has.
  const { v } = snapshot.value;
  const same = { fields: { v }, increments: {}, isCheck: true } as const;
  return { op: "patch", path, ...same, version: snapshot.version };
}

/** Changes nothing, but makes its commit fail if the document is gone. */
export function present<S extends Stored>(ref: Ref<S>, { v }: { readonly v: number }): Write {
  const same = { fields: { v }, increments: {}, isCheck: true } as const;
  return { op: "patch", path: ref.path, ...same, version: null, mustExist: true };
}

/** Recognises a timestamp by its shape, because importing the class would load the whole client. */
function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === "object" && value !== null && hasMethod(value, "toDate");
}

/** Tells an object of a class from a stored map, which can't have methods. */
function hasMethod(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === "function";
}

/**
 * Validates a stored document; dates come back as dates.
 * @throws {ApiError} `UNAVAILABLE` if the document has a version that this release doesn't know. A
 * newer release wrote it, and a retry may reach that one. Any other mismatch is a bug of ours.
 */
export function parseStored<S extends Stored>(schema: S, data: object): z.output<S> {
  const fields = Object.entries(data).map(([name, value]) => [
    name,
    isTimestamp(value) ? value.toDate() : value,
  ]);
  const { data: stored, error } = schema.safeParse(Object.fromEntries(fields));
  if (error?.issues.some(({ path }) => path.join() === "v")) {
    throw new ApiError("UNAVAILABLE", { cause: error });
  }
  if (error) throw error;
  return stored;
}

/** Whether a document is there and `parseStored` can't read it: asking again changes nothing. */
export function isUnreadable(error: unknown): boolean {
  return (error instanceof ApiError ? error.cause : error) instanceof z.ZodError;
}
