/** The page that lists what was taken for granted names checks that there are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { lookNames } from "../probe/script.ts";
import { smokeChecks } from "./checks.ts";

const page = readFileSync(join(repositoryRoot, "docs/deploy.md"), "utf8");

/** The rows of a table of the page, without its head. */
function rowsBelow(head: string): string[][] {
  const [, rest = ""] = page.split(`${head}\n`);
  const lines = rest.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines
    .slice(1, end)
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

const assumed = rowsBelow("| taken for granted | shown by |");

test("every assumption names what shows it", () => {
  expect(assumed.length).toBeGreaterThan(40);
  for (const row of assumed) {
    expect(row, row.join(" | ")).toHaveLength(2);
    expect(row.every((cell) => cell.trim() !== "")).toBe(true);
  }
});

test("a check that it names is one of the smoke test's or of the probe's", () => {
  const names = smokeChecks.map(({ name }) => name);
  const probed = ["started", ...lookNames];
  // Names of other things are words with a slash, a dot, a blank, capitals or an underscore.
  const named = assumed.flatMap(([, shown = ""]) =>
    [...shown.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map(([, name = ""]) => name),
  );
  const others = ["budget", "dig", "paddock-access", "paddock-executions"];
  const known = [...names, ...probed, ...others];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
  expect(names.filter((name) => named.includes(name)).length).toBeGreaterThan(8);
  expect(probed.filter((name) => !named.includes(name) && name !== "root")).toEqual([]);
});

test("what shows it is a check, a command, a place to look, or the first apply and nothing before", () => {
  for (const [assumption = "", shown = ""] of assumed) {
    expect(shown, assumption).not.toMatch(/(?<!first )\bapply\b/);
    const says =
      /`[^`]+`|\]\(|the first (apply|build)|^nothing\b|the log has|alert \*|after `--destroy`/;
    expect(shown, assumption).toMatch(says);
  }
});

test("what a trial gives up is told by promises that there are", () => {
  const promises = JSON.parse(readFileSync(join(repositoryRoot, "controls/promises.json"), "utf8"));
  const text = JSON.stringify(promises);
  const rows = rowsBelow("| promise | elsewhere | in a trial |");
  const ids = rows.flatMap(([id = ""]) => id.split(", "));
  expect(ids.length).toBeGreaterThan(10);
  for (const id of ids) expect(text, id).toContain(`"${id}"`);
});
