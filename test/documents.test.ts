/** The generated pages say what the code says, and the list of controls holds together. */
import { describe, expect, test } from "vitest";
import { findControlFaults, readPromises } from "../scripts/docs/control-status.ts";
import { renderDocuments } from "../scripts/docs/documents.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { controls } from "./controls.ts";

test("every generated page is current (else: npm run docs)", async () => {
  const documents = await renderDocuments(repositoryRoot);
  expect(documents.filter(({ current }) => !current).map(({ path }) => path)).toEqual([]);
});

describe("test/controls.ts", () => {
  test("names promises that exist", () => {
    const promised = readPromises(repositoryRoot).flatMap((group) => group.controls);
    const known = new Set(promised.map(({ id }) => id));
    expect(Object.keys(controls).filter((id) => !known.has(id))).toEqual([]);
  });

  test("lists nothing as kept that isn't", () => {
    const faults = Object.entries(controls).flatMap(([id, control]) =>
      findControlFaults(repositoryRoot, id, control).map((fault) => `${id}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });
});
