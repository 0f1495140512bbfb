import { describe, expect, test } from "vitest";
import * as z from "zod";
import { repositoryRoot } from "../tools/repository.ts";
import { renderIndexes } from "./render-indexes.ts";

const File = z.object({
  indexes: z.array(
    z.object({ collectionGroup: z.string(), fields: z.array(z.object({ fieldPath: z.string() })) }),
  ),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().optional(),
      indexes: z.array(z.object({ order: z.literal("ASCENDING"), queryScope: z.string() })),
    }),
  ),
});
const file = File.parse(JSON.parse(await renderIndexes(repositoryRoot)));
const overridden = file.fieldOverrides.map((each) => `${each.collectionGroup}.${each.fieldPath}`);

describe("renderIndexes()", () => {
  test("sets a time to live on expiring collections only", () => {
    const expiring = file.fieldOverrides.filter(({ ttl }) => ttl);
    expect(expiring.map(({ fieldPath }) => fieldPath)).toEqual(expiring.map(() => "expireAt"));
    expect(overridden.filter((place) => place.endsWith(".expireAt"))).toHaveLength(expiring.length);
    expect(expiring.length).toBeGreaterThanOrEqual(3);
  });

  test("keeps lists, maps and long texts out of indexes", () => {
    expect(overridden).toEqual(
      expect.arrayContaining(["account.holds", "events.events", "messages.content"]),
    );
  });

  test("gives an index across owners to what is looked for there, and to nothing else", () => {
    const indexed = file.fieldOverrides.filter(({ indexes }) => indexes.length > 0);
    expect(indexed.map((each) => `${each.collectionGroup}.${each.fieldPath}`)).toEqual([
      "audit.undetected",
      "audit.unsequenced",
      "auditTrees.unpublished",
      "orchestrationRuns.dueAt",
      "schedules.dueAt",
    ]);
    for (const { indexes } of indexed) {
      expect(indexes).toEqual([{ order: "ASCENDING", queryScope: "COLLECTION_GROUP" }]);
    }
  });

  test("leaves an index to a map that sums look into", () => {
    expect(overridden).not.toContain("environments.workspace");
  });

  test("keeps the index of each field that a composite index needs", () => {
    const used = file.indexes.flatMap(({ collectionGroup, fields }) =>
      fields.map(({ fieldPath }) => `${collectionGroup}.${fieldPath.replace(/\..*/, "")}`),
    );
    expect(overridden.filter((place) => used.includes(place))).toEqual([]);
  });

  test("stays within what one database may have: 200 fields, 200 indexes", () => {
    expect(file.fieldOverrides.length).toBeLessThanOrEqual(200);
    expect(file.indexes.length).toBeLessThanOrEqual(200);
  });
});
