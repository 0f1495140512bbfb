/** The words in which the retention table is written. */

export type Enforcement =
  | "time to live"
  | "overwritten"
  | "log bucket"
  | "bucket rule"
  | "backup schedule"
  | "point-in-time recovery"
  | "sweep"
  | "deletion"
  | "nothing";

export interface StoredCollection {
  readonly kind: "collection";
  /** The names from the root down, with `*` for the ids between them. */
  readonly path: string;
  readonly database: "main" | "keys";
  /** The collection whose documents these are copied from or belong to, and go with. */
  readonly goesWith?: string;
  /** Whether it stays when its owner's account is deleted. */
  readonly outlivesAccount?: true;
  /** The field of the system's documents that names their owner. */
  readonly ownerField?: string;
  /** What names that document: the path, the same id, or a field. The path where it is missing. */
  readonly by?: "id" | (string & {});
}

export interface StoredObjects {
  readonly kind: "objects";
  readonly bucket: string;
  /** The environment variable that names the bucket. */
  readonly setting: string;
  readonly objects: string;
  readonly goesWith?: string;
}

export interface LogBucket {
  readonly kind: "logs";
  /** The bucket's id without its prefix. */
  readonly bucket: string;
}

/** Copies that a service of Google makes. */
export interface ServiceCopies {
  readonly kind: "copies";
  readonly copies: string;
}

export type RetentionPlace = StoredCollection | StoredObjects | LogBucket | ServiceCopies;

export interface RetentionClass {
  /** What the class holds, for the page. */
  readonly holds: string;
  /** How long each item is kept after it was written; null if that depends on more than time. */
  readonly keptMs: number | null;
  /** The period in words; it is made from `keptMs` where this is missing. */
  readonly kept?: string;
  readonly enforcedBy: readonly Enforcement[];
  /** The routes that delete it or whose sweep does. */
  readonly routes?: readonly string[];
  readonly why: string;
  readonly places: readonly RetentionPlace[];
}

type Place<P extends RetentionPlace> = Omit<P, "kind">;

/** A collection of each owner. */
export function owned<const P extends string>(
  path: P,
  also: Partial<Pick<StoredCollection, "database" | "goesWith" | "by" | "outlivesAccount">> = {},
) {
  return { kind: "collection", path: `owners/*/${path}`, database: "main", ...also } as const;
}

/** A collection of the system. */
export function ofSystem<const P extends string>(
  path: P,
  also: Partial<Pick<StoredCollection, "ownerField" | "outlivesAccount">> = {},
) {
  return { kind: "collection", path, database: "main", ...also } as const;
}

export function objects<const P extends Place<StoredObjects>>(place: P) {
  return { kind: "objects", ...place } as const;
}

export function logs<const B extends string>(bucket: B) {
  return { kind: "logs", bucket } as const;
}

export function copies<const C extends string>(name: C) {
  return { kind: "copies", copies: name } as const;
}
