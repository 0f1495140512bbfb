/** The retention table's places, for those who go through all of them. */
import { assert } from "../assert.ts";
import type {
  LogBucket,
  RetentionClass,
  StoredCollection,
  StoredObjects,
} from "./retention-class.ts";
import { type ObjectKind, retention } from "./retention-table.ts";

/** A place and the class that it belongs to. */
type InClass<P> = P & { readonly class: RetentionClass };

const classes: readonly RetentionClass[] = Object.values(retention);

export type CollectionPlace = InClass<StoredCollection>;

export const collectionPlaces: readonly CollectionPlace[] = classes.flatMap((each) =>
  each.places.flatMap((place) => (place.kind === "collection" ? { ...place, class: each } : [])),
);

export const objectPlaces: readonly InClass<StoredObjects>[] = classes.flatMap((each) =>
  each.places.flatMap((place) => (place.kind === "objects" ? { ...place, class: each } : [])),
);

export const logPlaces: readonly InClass<LogBucket>[] = classes.flatMap((each) =>
  each.places.flatMap((place) => (place.kind === "logs" ? { ...place, class: each } : [])),
);

/** The last name of a collection's path, by which Firestore groups collections. */
export function groupOf({ path }: Pick<StoredCollection, "path">): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether Firestore deletes the documents once they have expired. */
export function hasTimeToLive(place: CollectionPlace): boolean {
  return place.class.enforcedBy.includes("time to live");
}

/** @param path With `*` for ids. @throws if the table doesn't name the collection. */
export function placeOf(path: string): CollectionPlace {
  const place = collectionPlaces.find((each) => each.path === path);
  assert(place, "a collection that the retention table doesn't name");
  return place;
}

/** The collections whose documents go with those of this one. */
export function dependentsOf({ path }: Pick<StoredCollection, "path">): readonly CollectionPlace[] {
  return collectionPlaces.filter(({ goesWith }) => goesWith === path);
}

/** Each kind of object in the workspace bucket; the compiler misses none. */
const everyKind: Readonly<Record<ObjectKind, true>> = {
  manifests: true,
  packs: true,
  transfers: true,
};
export const objectKinds = Object.keys(everyKind) as readonly ObjectKind[];
