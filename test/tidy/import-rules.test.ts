/** The pages say of `shared/` what the import rules check, for every folder that it has. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { below } from "./import-rules.ts";

const folders = readdirSync("shared", { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const architecture = readFileSync("docs/architecture.md", "utf8");

test("docs/architecture.md says what each area of shared/ may import", () => {
  const rows = [...architecture.matchAll(/^ {12}(\w[\w, ]*?)(?: \(.*\))? {2,}(\w.*)$/gm)];
  const documented = rows.flatMap(([, areas = "", allowed = ""]) =>
    areas.split(", ").map((area) => [area, allowed === "nothing" ? [] : allowed.split(", ")]),
  );
  expect(Object.fromEntries(documented)).toEqual({ pipeline: ["everything below"], ...below });
});

test("docs/architecture.md lists each domain of shared/", () => {
  const [, list = ""] =
    /^ {12}(\w[\w, ]*)\n {12,}everything below, and each other$/m.exec(architecture) ?? [];
  const domains = folders.filter((name) => !(name in below) && name !== "pipeline");
  expect(new Set(list.split(", "))).toEqual(new Set(domains));
});

test("shared/README.md describes each folder of shared/", () => {
  const described = readFileSync("shared/README.md", "utf8").matchAll(/\[(\w+)\/\]/g);
  expect(new Set([...described].map(([, name]) => name))).toEqual(new Set(folders));
});
