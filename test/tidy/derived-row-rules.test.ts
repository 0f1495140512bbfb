import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { derivedRowPlaces, findDerivedRows } from "./derived-row-rules.ts";
import { repositoryFiles } from "./repository-files.ts";
import { parseSource } from "./source-file.ts";

const found = (path: string, text: string) => findDerivedRows(parseSource(path, text));

describe("findDerivedRows()", () => {
  test.each([
    ["functions/keys/a.ts", `const id = derivedId("auditRow", owner.id, name);`],
    ["shared/store/a.ts", `const id = derivedId(kind, owner.id);`],
    ["shared/store/a.ts", `const id = derivedId(...parts);`],
  ])("refuses in %s: %s", (path, text) => {
    expect(found(path, text)).toHaveLength(1);
  });

  test.each([
    ["functions/keys/a.ts", `const id = derivedId("thread", owner.id, name);`],
    ["functions/keys/a.ts", `const id = ids.next("auditRow");`],
    ["functions/keys/a.test.ts", `const id = derivedId("auditRow", owner.id);`],
    ["shared/exports/build-export.ts", `const id = derivedId("auditRow", owner.id);`],
    ["local/audit/a.ts", `const id = derivedId("auditRow", owner.id);`],
  ])("allows in %s: %s", (path, text) => {
    expect(found(path, text)).toEqual([]);
  });

  test("lists only places that are there", () => {
    const files = repositoryFiles(repositoryRoot);
    expect(derivedRowPlaces.filter((path) => !files.includes(path))).toEqual([]);
  });
});
