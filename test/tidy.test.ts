/** Holds the architecture's import rule and the style guide's limits over every source file. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { functionNames } from "../scripts/build/entries.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { findEnvironmentChanges } from "./tidy/environment-rules.ts";
import { findDisguisedExports } from "./tidy/export-rules.ts";
import { findForbiddenImports, findImportCircles } from "./tidy/import-rules.ts";
import { findImpurities } from "./tidy/purity-rules.ts";
import { findSlowExpressions } from "./tidy/regexp-rules.ts";
import { findShapeFaults } from "./tidy/shape-rules.ts";
import { type Finding, readSources } from "./tidy/source-file.ts";

const sources = readSources(repositoryRoot);

function expectNone(findings: readonly Finding[]): void {
  const lines = findings.map(({ path, line, message }) => `${path}:${line}  ${message}`);
  expect(lines.join("\n")).toBe("");
}

describe("the repository is tidy", () => {
  test("every module imports only what its place allows", () => {
    expectNone(sources.flatMap(findForbiddenImports));
  });

  test("no modules import each other in a circle", () => {
    expectNone(findImportCircles(sources));
  });

  test("every name is exported where it is declared", () => {
    expectNone(sources.flatMap(findDisguisedExports));
  });

  test("time, chance, environment and waiting stay where they belong", () => {
    expectNone(sources.flatMap(findImpurities));
  });

  test("no test changes the environment of those that share its process", () => {
    expectNone(sources.flatMap(findEnvironmentChanges));
  });

  test("files keep their length, name and promises", () => {
    expectNone(sources.flatMap(findShapeFaults));
  });

  test("no regular expression works longer than in proportion to what is sent", () => {
    expectNone(sources.flatMap(findSlowExpressions));
  });

  test("every folder of functions/ is a function", () => {
    const entries = readdirSync(join(repositoryRoot, "functions"), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(functionNames(repositoryRoot));
  });
});
