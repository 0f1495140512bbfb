/** Typed places in Firestore, and writes as values: `decide` returns them, a commit does them. */
import type { Timestamp } from "@google-cloud/firestore";
import type { z } from "zod";
import { assert } from "../core/assert.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";

type Stored = z.ZodType<object>;

/** Documents of other environments than these don't exist for whoever holds the reference. */
interface WithinEnvironments {
  /** The field that names a document's environment. */
  readonly field: string;
  readonly ids: readonly string[];
}

/** One document, and the schema that doubts it on the way in and on the way out. */
export interface Ref<S extends Stored = Stored> {
  readonly path: string;
  readonly schema: S;
  readonly within?: WithinEnvironments;
}

/** The collection of one owner, or one that the system keeps. */
export interface CollectionRef<S extends Stored = Stored> {
  readonly path: string;
  readonly schema: S;
  readonly within?: WithinEnvironments;
}

export interface OwnedCollection<S extends Stored> {
  readonly schema: S;
  readonly name: string;
  /** A document of `owner`; nested collections take the outer ids first. */
  of(owner: Owner, ...ids: readonly [string, ...string[]]): Ref<S>;
  all(owner: Owner, ...outerIds: readonly string[]): CollectionRef<S>;
}

/**
 * @param names the collections from the owner down: `["threads", "messages"]`.
 * @param environmentField of documents that belong to an environment: a key that is limited to some
 * finds no others here, whatever the route that asks.
 */
export function ownedCollection<S extends Stored>(
  names: readonly [string, ...string[]],
  schema: S,
  environmentField?: keyof z.output<S> & string,
): OwnedCollection<S> {
  const within = ({ environmentIds: ids }: Owner) =>
    ids === null || environmentField === undefined
      ? {}
      : { within: { field: environmentField, ids } };
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
    of(owner, ...ids) {
      assert(ids.length === names.length);
      return { path: path(owner, ids), schema, ...within(owner) };
    },
    all(owner, ...outerIds) {
      assert(outerIds.length === names.length - 1);
      return { path: path(owner, outerIds), schema, ...within(owner) };
    },
  };
}

/** A collection that belongs to no owner: keys by their hash, operators, owners themselves. */
export function systemCollection<S extends Stored>(name: string, schema: S) {
  return {
    schema,
    name,
    doc(id: string): Ref<S> {
      assert(id !== "" && !id.includes("/"));
      return { path: `${name}/${id}`, schema };
    },
    all: (): CollectionRef<S> => ({ path: name, schema }),
  };
}

/** When a document was last changed; a write that names it fails if it has changed since. */
export type Version = Timestamp;

/** A document as it was read: `value` and `version` are null where there is none. */
export type Snapshot<S extends Stored> =
  | { readonly ref: Ref<S>; readonly value: z.output<S>; readonly version: Version }
  | { readonly ref: Ref<S>; readonly value: null; readonly version: null };

export type Write =
  | { readonly op: "create"; readonly path: string; readonly value: object }
  | {
      readonly op: "replace";
      readonly path: string;
      readonly value: object;
      /** Null overwrites whatever is there: only where nobody else can write. */
      readonly version: Version | null;
    }
  | {
      readonly op: "patch";
      readonly path: string;
      readonly fields: object;
      readonly increments: Readonly<Record<string, number>>;
      /** Without it, and without a version, a document that isn't there is made of the fields. */
      readonly mustExist?: true;
      readonly version: Version | null;
    }
  | {
      readonly op: "remove";
      readonly path: string;
      /** Null: whatever is there, or nothing. */
      readonly version: Version | null;
    };

/** Whether whoever holds the reference may see a document with these fields. */
export function isVisible({ within }: Ref, fields: object): boolean {
  if (!within) return true;
  const named: unknown = Reflect.get(fields, within.field);
  return typeof named === "string" && within.ids.includes(named);
}

/** Fails if the document exists. */
export function create<S extends Stored>(ref: Ref<S>, value: z.input<S>): Write {
  const stored = ref.schema.parse(value);
  assert(isVisible(ref, stored), "a document of an environment out of bounds");
  return { op: "create", path: ref.path, value: stored };
}

/** Fails if the document has changed since `version`. */
export function replace<S extends Stored>(ref: Ref<S>, version: Version, value: z.input<S>): Write {
  return { op: "replace", path: ref.path, value: ref.schema.parse(value), version };
}

/** Whatever is there: only for what can be made again, so that whoever writes last is right. */
export function overwrite<S extends Stored>(ref: Ref<S>, value: z.input<S>): Write {
  return { op: "replace", path: ref.path, value: ref.schema.parse(value), version: null };
}

interface PatchOptions {
  readonly increments?: Readonly<Record<string, number>>;
  readonly version?: Version;
  readonly mustExist?: true;
}

/**
 * Changes some fields of a document that exists; adds `increments` to others. With `mustExist` it
 * fails without that document; else give a version, or know that it is there.
 */
export function patch<S extends Stored>(
  ref: Ref<S>,
  fields: Partial<z.input<S>>,
  options: PatchOptions = {},
): Write {
  const { increments = {}, version = null, mustExist } = options;
  const condition = mustExist ? { mustExist } : {};
  return { op: "patch", path: ref.path, fields, increments, version, ...condition };
}

/**
 * Sets what stands inside maps of a document, by its path, whatever else changes there meanwhile:
 * it names no version, so that nobody's change can get in its way (KEY-10).
 * @param inside names are ours or ids, never a user's words.
 */
export function patchInside<S extends z.ZodObject>(
  ref: Ref<S>,
  inside: Readonly<Record<`${keyof S["shape"] & string}.${string}`, string | number | null>>,
  fields: Partial<z.input<S>> = {},
): Write {
  return patch(ref, { ...fields, ...inside });
}

/** Fails if the document has changed since `version`; null removes whatever is there. */
export function remove(ref: Ref, version: Version | null): Write {
  return { op: "remove", path: ref.path, version };
}

/** By its form: naming the class would load the whole client with the first schema. */
function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === "object" && value !== null && hasMethod(value, "toDate");
}

/** A function: no stored map holds one, whatever its fields are called. */
function hasMethod(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === "function";
}

/**
 * Checks a stored document; dates come back as dates.
 * @throws {ApiError} `UNAVAILABLE` for one of another version, which a release wrote that is being
 * deployed: whoever asks again may meet that. Anything else that doesn't match is our own mistake.
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
