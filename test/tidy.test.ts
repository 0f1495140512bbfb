/** Checks the architecture's import rule and the style guide's limits on every source file. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { functionNames } from "../scripts/build/entries.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { findUncheckedWaits, findVainMatches } from "./tidy/assert-rules.ts";
import { findHastyWaits, findLateAwaits, findRacingFailures } from "./tidy/await-rules.ts";
import { findHalfClients } from "./tidy/client-rules.ts";
import { findMissedCloses } from "./tidy/close-rules.ts";
import { subjectFault, subjectsSinceRule } from "./tidy/commit-rules.ts";
import { findDerivedRows } from "./tidy/derived-row-rules.ts";
import { findPlainDigests } from "./tidy/digest-rules.ts";
import { findEnvironmentChanges } from "./tidy/environment-rules.ts";
import { findDisguisedExports } from "./tidy/export-rules.ts";
import { findForbiddenImports, findImportCircles } from "./tidy/import-rules.ts";
import { findLanguageFaults, findWords } from "./tidy/language-rules.ts";
import { findProcessLines } from "./tidy/process-lines.ts";
import { findImpurities } from "./tidy/purity-rules.ts";
import { findSlowExpressions } from "./tidy/regexp-rules.ts";
import { repositoryFiles } from "./tidy/repository-files.ts";
import { findShapeFaults } from "./tidy/shape-rules.ts";
import { findUnheardSockets } from "./tidy/socket-rules.ts";
import { type Finding, readSources } from "./tidy/source-file.ts";

const sources = readSources(repositoryRoot);
const subjects = subjectsSinceRule(repositoryRoot);

/** Pages and configuration, which people read like the sources. */
function readPages(): readonly { readonly path: string; readonly text: string }[] {
  return repositoryFiles(repositoryRoot)
    .filter((path) => /\.(md|tf|hcl)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), "utf8") }));
}

/** What readers of any repository look for; everything else has a folder. */
const rootPages = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];

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

  test("no notes lie beside the pages that every repository has", () => {
    const pages = readPages().map(({ path }) => path);
    expect(pages.filter((path) => !path.includes("/"))).toEqual(rootPages);
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

  test("no digest tells a short secret that it was made from", () => {
    expectNone(sources.flatMap(findPlainDigests));
  });

  test("no assertion holds whatever happens", () => {
    expectNone(sources.flatMap(findVainMatches));
    expectNone(sources.flatMap(findUncheckedWaits));
  });

  test("no row of a commit can be taken for another's", () => {
    expectNone(sources.flatMap(findDerivedRows));
  });

  test("no promise can fail while nobody waits for it", () => {
    expectNone(sources.flatMap(findLateAwaits));
  });

  test("which of two checks is answered doesn't depend on which is quicker", () => {
    expectNone(sources.flatMap(findRacingFailures));
  });

  test("nothing waits for the end of an answer that may be over already", () => {
    expectNone(sources.flatMap(findMissedCloses));
  });

  test("no wait of a test ends after a second", () => {
    expectNone(sources.flatMap(findHastyWaits));
  });

  test("no connection of a test can fail while nobody listens", () => {
    expectNone(sources.flatMap(findUnheardSockets));
  });

  test("no client waits for ever for a server that gives no answer", () => {
    expectNone(sources.flatMap(findHalfClients));
  });

  test("no line of a process lets one owner keep others waiting", () => {
    expectNone(sources.flatMap(findProcessLines));
  });

  test("files keep their length, name and promises", () => {
    expectNone(sources.flatMap(findShapeFaults));
  });

  test("no regular expression takes more than linear time on input", () => {
    expectNone(sources.flatMap(findSlowExpressions));
  });

  test("comments and parameters read as plain English", () => {
    expectNone(sources.flatMap(findLanguageFaults));
  });

  test("pages and configuration use none of the words that the sources don't use", () => {
    expectNone(readPages().flatMap(({ path, text }) => findWords(path, text)));
  });

  test.skipIf(subjects === null)("each commit's subject says what it does, on one line", () => {
    expect(subjects?.map(subjectFault).filter((fault) => fault !== null)).toEqual([]);
  });

  test("every folder of functions/ is a function", () => {
    const entries = readdirSync(join(repositoryRoot, "functions"), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(folders.sort()).toEqual(functionNames(repositoryRoot));
  });
});
