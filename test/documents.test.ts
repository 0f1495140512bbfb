/** The generated pages match the code, and the list of controls is consistent. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { controls } from "../controls/controls.ts";
import { deploymentControls } from "../controls/deployment.ts";
import { documentControls } from "../controls/documents.ts";
import { findControlFaults, readPromises } from "../scripts/docs/control-status.ts";
import { renderDocuments } from "../scripts/docs/documents.ts";
import { tablesIn } from "../scripts/docs/render-indexes.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";

test("every generated page is current (else: npm run docs)", async () => {
  const documents = await renderDocuments(repositoryRoot);
  expect(documents.filter(({ current }) => !current).map(({ path }) => path)).toEqual([]);
});

test("docs/data-model.md names every collection and every field that is stored", async () => {
  const page = readFileSync(join(repositoryRoot, "docs", "data-model.md"), "utf8");
  const named = new Set(page.match(/\w+/g));
  const tables = await tablesIn(join(repositoryRoot, "shared", "store"));
  const words = tables.flatMap(({ name, schema }) => [name, ...Object.keys(schema.shape)]);
  expect(words.filter((word) => !named.has(word))).toEqual([]);
});

const promised = readPromises(repositoryRoot).flatMap((group) => group.controls);

describe.each([
  { file: "controls/controls.ts", entries: controls, proof: "P" as const },
  { file: "controls/deployment.ts", entries: deploymentControls, proof: "T" as const },
  { file: "controls/documents.ts", entries: documentControls, proof: "D" as const },
])("$file", ({ entries, proof }) => {
  test("names promises that are to be proven so", () => {
    const known = promised.filter((each) => each.proof.includes(proof)).map(({ id }) => id);
    expect(Object.keys(entries).filter((id) => !known.includes(id))).toEqual([]);
  });

  test("lists nothing as kept that isn't", () => {
    const faults = Object.entries(entries).flatMap(([id, control]) =>
      findControlFaults(repositoryRoot, id, control).map((fault) => `${id}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });
});
