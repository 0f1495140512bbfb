/** The retention table's places, for those who go through all of them. */
import type {
  LogBucket,
  RetentionClass,
  StoredCollection,
  StoredObjects,
} from "./retention-class.ts";
import { retention } from "./retention-table.ts";

/** A place and the class that it belongs to. */
export type InClass<P> = P & { readonly class: RetentionClass };

const classes: readonly RetentionClass[] = Object.values(retention);

export const collectionPlaces: readonly InClass<StoredCollection>[] = classes.flatMap((each) =>
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
export function hasTimeToLive(place: InClass<StoredCollection>): boolean {
  return place.class.enforcedBy.includes("time to live");
}
