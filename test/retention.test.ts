/** The retention table names everything that is stored, and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exportTable } from "#shared/core/retention/export-table";
import {
  collectionPlaces,
  hasTimeToLive,
  objectPlaces,
} from "#shared/core/retention/retention-places";
import { retention } from "#shared/core/retention/retention-table";
import { listFunctions } from "../scripts/build/function-list.ts";
import { tablesIn } from "../scripts/docs/render-indexes.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { repositoryFiles } from "./tidy/repository-files.ts";

const tables = await tablesIn(join(repositoryRoot, "shared", "store"));
const inOrder = (names: Iterable<string>) => [...new Set(names)].toSorted();

/** Product files whose text matches. */
function filesWith(pattern: RegExp): readonly string[] {
  return repositoryFiles(repositoryRoot)
    .filter((path) => /^(shared|functions|runner)\/.*(?<!\.test)\.ts$/.test(path))
    .filter((path) => pattern.test(readFileSync(join(repositoryRoot, path), "utf8")));
}

describe("DAT-7 the retention table", () => {
  test("names every collection that the store has, each in one class", () => {
    const paths = collectionPlaces.map(({ path }) => path);
    expect(paths.toSorted()).toEqual(inOrder(paths));
    expect(inOrder(paths)).toEqual(inOrder(tables.map(({ pattern }) => pattern)));
  });

  test("can't miss a collection that is made elsewhere than in the store", () => {
    const made = filesWith(/\b(ownedCollection|systemCollection)\(/);
    expect(made.filter((path) => !path.startsWith("shared/store/"))).toEqual([]);
    const exported = tables.length;
    const calls = made.flatMap((path) => {
      const text = readFileSync(join(repositoryRoot, path), "utf8");
      return text.match(/= (owned|system)Collection\(/g) ?? [];
    });
    expect(calls).toHaveLength(exported);
  });

  test("can't miss a kind of object: it names every bucket, and only those can be opened", () => {
    const config = readFileSync(join(repositoryRoot, "shared/config.ts"), "utf8");
    const settings = config.match(/\bPADDOCK_\w+_BUCKET\b/g) ?? [];
    expect(inOrder(objectPlaces.map(({ setting }) => setting))).toEqual(inOrder(settings));
    expect(filesWith(/new Storage\(|\.bucket\(/)).toEqual(["shared/google/bucket.ts"]);
  });

  test("names the collection that each copy goes with", () => {
    const paths = new Set<string>(collectionPlaces.map(({ path }) => path));
    const sources = [...collectionPlaces, ...objectPlaces].flatMap(
      ({ goesWith }) => goesWith ?? [],
    );
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((source) => !paths.has(source))).toEqual([]);
    const inner = collectionPlaces.filter(({ path }) => path.split("*").length > 2);
    const apart = inner.filter(({ path, goesWith }) => !path.startsWith(`${goesWith}/*/`));
    expect(apart.map(({ path }) => path)).toEqual([]);
  });
});

describe("DAT-4 the retention table", () => {
  test("says of each document of the system that names an owner whether it goes with it", () => {
    const named = tables.filter(
      ({ pattern, schema }) => !pattern.startsWith("owners/*") && "ownerId" in schema.shape,
    );
    expect(named.length).toBeGreaterThan(3);
    const silent = named.filter(({ pattern }) => {
      const place = collectionPlaces.find(({ path }) => path === pattern);
      return place?.ownerField === undefined && !place?.outlivesAccount;
    });
    expect(silent.map(({ pattern }) => pattern)).toEqual([]);
  });
});

describe("DAT-5 the export table", () => {
  test("says of each collection which file has it, or why none does", () => {
    const paths = collectionPlaces.map(({ path }) => path);
    expect(inOrder(Object.keys(exportTable))).toEqual(inOrder(paths));
    const silent = Object.entries(exportTable).filter(([, each]) =>
      "file" in each ? !/^[a-z-]+\.ndjson$/.test(each.file) : each.leftOut.length < 5,
    );
    expect(silent).toEqual([]);
  });

  test("names files that the page explains", () => {
    const page = readFileSync(join(repositoryRoot, "docs/export.md"), "utf8");
    const files = Object.values(exportTable).flatMap((each) => ("file" in each ? each.file : []));
    expect(inOrder(files).filter((file) => !page.includes(`\`${file}\``))).toEqual([]);
  });
});

describe("DAT-6 the retention table", () => {
  test("gives a time to live to every document that has an expiry date, and to no other", () => {
    const expiring = tables.filter(({ schema }) => "expireAt" in schema.shape);
    const places = collectionPlaces.filter(hasTimeToLive);
    expect(inOrder(places.map(({ path }) => path))).toEqual(
      inOrder(expiring.map(({ pattern }) => pattern)),
    );
  });

  test("leaves dates of expiry to one function, so that no period is written twice", () => {
    expect(filesWith(/expireAt\s*[:=]\s*new Date/)).toEqual([]);
  });

  test("names routes that exist", async () => {
    const { functions } = await listFunctions(repositoryRoot);
    const routes = Object.values(functions).flatMap((each) => each.routes);
    const endpoints = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    const named = Object.values(retention).flatMap((each) => ("routes" in each ? each.routes : []));
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((route) => !endpoints.has(route))).toEqual([]);
  });
});
