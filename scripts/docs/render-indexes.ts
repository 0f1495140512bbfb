/**
 * Renders `firestore.indexes.json` from the tables in `shared/store`, for the emulator and
 * Terraform.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { collectionPlaces, hasTimeToLive } from "#shared/core/retention/retention-places";
import {
  compositeIndexes,
  fieldsAcrossOwners,
  indexedMaps,
  unindexedTexts,
} from "#shared/store/indexes";

interface Table {
  readonly name: string;
  /** See `OwnedCollection`. */
  readonly pattern: string;
  readonly schema: z.ZodObject;
}

/** The retention table says which documents Firestore deletes. */
const expiring = new Set(collectionPlaces.filter(hasTimeToLive).map(({ path }) => path));

interface FieldOverride {
  readonly collectionGroup: string;
  readonly fieldPath: string;
  readonly ttl?: true;
  /** Empty: no index at all, neither by value nor by a list's elements. */
  readonly indexes: readonly { readonly order: "ASCENDING"; readonly queryScope: string }[];
}

export async function renderIndexes(root: string): Promise<string> {
  const tables = await tablesIn(join(root, "shared", "store"));
  const overrides = [...tables.flatMap(overridesOf), ...textOverrides(), ...wideOverrides()];
  const byPlace = new Map(overrides.map((each) => [placeOf(each), each]));
  const file = {
    indexes: compositeIndexes.map(({ collection, collectionGroup: everywhere, fields }) => ({
      collectionGroup: collection,
      queryScope: everywhere ? "COLLECTION_GROUP" : "COLLECTION",
      fields: fields.map(indexField),
    })),
    fieldOverrides: [...byPlace.keys()].toSorted(inOrder).map((place) => byPlace.get(place)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function indexField(field: string) {
  const fieldPath = field.replace(/^-|\[\]$/g, "");
  if (field.endsWith("[]")) return { fieldPath, arrayConfig: "CONTAINS" };
  return { fieldPath, order: field.startsWith("-") ? "DESCENDING" : "ASCENDING" };
}

/** Every export of a store module that has the form of a collection. */
export async function tablesIn(folder: string): Promise<Table[]> {
  const files = readdirSync(folder).filter((file) => /^(?!.*\.test\.ts$).*\.ts$/.test(file));
  const modules = await Promise.all(
    files.map(
      async (file): Promise<object> => await import(pathToFileURL(join(folder, file)).href),
    ),
  );
  return modules.flatMap((module) => Object.values(module).filter(isTable));
}

function isTable(value: unknown): value is Table {
  if (typeof value !== "object" || value === null) return false;
  if (!("name" in value && "schema" in value && "pattern" in value)) return false;
  return value.schema instanceof z.ZodObject;
}

function overridesOf({ name, schema, pattern }: Table): FieldOverride[] {
  return Object.entries(schema.shape).flatMap(([field, type]): FieldOverride[] => {
    const override = { collectionGroup: name, fieldPath: field, indexes: [] as const };
    if (field === "expireAt" && expiring.has(pattern)) return [{ ...override, ttl: true }];
    const isLookedInto = indexedMaps.some((map) => map.collection === name && map.field === field);
    return holdsMany(type) && !isLookedInto ? [override] : [];
  });
}

function textOverrides(): FieldOverride[] {
  return unindexedTexts.flatMap(({ collection, fields }) =>
    fields.map((field) => ({
      collectionGroup: collection,
      fieldPath: field,
      indexes: [] as const,
    })),
  );
}

/** A field that is only looked for across owners has that index and no other. */
function wideOverrides(): FieldOverride[] {
  return fieldsAcrossOwners.map(({ collection, field }) => ({
    collectionGroup: collection,
    fieldPath: field,
    indexes: [{ order: "ASCENDING", queryScope: "COLLECTION_GROUP" }],
  }));
}

/** Whether a field is a list or a map, which Firestore would index entry by entry. */
function holdsMany(type: z.core.$ZodType): boolean {
  if (type instanceof z.ZodOptional || type instanceof z.ZodNullable)
    return holdsMany(type.unwrap());
  if (type instanceof z.ZodDefault) return holdsMany(type.unwrap());
  if (type instanceof z.ZodUnion) return type.options.some(holdsMany);
  return type instanceof z.ZodObject || type instanceof z.ZodArray || type instanceof z.ZodRecord;
}

const placeOf = ({ collectionGroup, fieldPath }: FieldOverride) =>
  `${collectionGroup}/${fieldPath}`;
const inOrder = (a: string, b: string) => a.localeCompare(b, "en");
