/** Pages that are promises themselves contain what they have to, and refer to what exists. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readPromises } from "../scripts/docs/control-status.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";

const read = (path: string) => readFileSync(`${repositoryRoot}/${path}`, "utf8");

/** The rows of the tables below a heading, without their heads. */
function rowsBelow(text: string, heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** Ids of promises, `KEY-1 to KEY-10` being ten of them. */
function idsIn(text: string): string[] {
  const ranges = [...text.matchAll(/\b([A-Z]{3})-(\d+) to \1-(\d+)/g)];
  const between = ranges.flatMap(([, prefix, first, last]) =>
    Array.from(
      { length: Number(last) - Number(first) + 1 },
      (_, index) => `${prefix}-${Number(first) + index}`,
    ),
  );
  return [...between, ...(text.match(/\b[A-Z]{3}-\d+\b/g) ?? [])];
}

describe("OPS-4 SECURITY.md", () => {
  test("says where to report a weakness, and when to expect an answer", () => {
    const text = read("SECURITY.md").replace(/\s+/g, " ");
    expect(text).toContain("Report a vulnerability");
    expect(text).toContain("You get an answer within 24 hours");
    expect(text).toContain("credit");
  });
});

describe("OPS-5 docs/compliance.md", () => {
  const text = read("docs/compliance.md");
  const standards = ["SOC 2 Type II", "ISO/IEC 27001", "ISO/IEC 27017", "ISO/IEC 27018"];

  test.each(standards)("says for each requirement of %s who owes what", (standard) => {
    const rows = rowsBelow(text, standard);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((cells) => cells.length !== 4 || cells.includes(""))).toEqual([]);
    // A requirement that nobody meets isn't mapped.
    expect(rows.filter((cells) => cells.slice(1).every((cell) => cell === "–"))).toEqual([]);
  });

  test("maps every promise, and none that doesn't exist", () => {
    const promised = readPromises(repositoryRoot).flatMap(({ controls }) => controls);
    const mapped = standards
      .flatMap((name) => rowsBelow(text, name))
      .flatMap((row) => row[3] ?? "");
    expect(new Set(idsIn(mapped.join(" ")))).toEqual(new Set(promised.map(({ id }) => id)));
  });
});

describe("OPS-8 docs/privacy.md", () => {
  const text = read("docs/privacy.md");
  const variables = new Set(
    [...read("terraform/variables.tf").matchAll(/^variable "(\w+)"|^ {4}(\w+) +=/gm)].map(
      ([, variable, field]) => variable ?? field,
    ),
  );

  test("says of each processor what it sees, where, who vets it, and what switches it off", () => {
    const rows = rowsBelow(text, "Processors");
    expect(rows.map(([name]) => name)).toContain("Google Cloud");
    for (const cells of rows) {
      expect(cells).toHaveLength(5);
      expect(cells).not.toContain("");
    }
  });

  test("switches processors off by settings that exist", () => {
    const switches = rowsBelow(text, "Processors").flatMap((cells) => cells[4] ?? "");
    const named = switches.flatMap((cell) => cell.match(/(?<=`)[\w.]+(?=`)/g) ?? []);
    // The network of an environment isn't a variable of the deployment.
    const settings = named.filter((name) => name !== "none");
    expect(settings.filter((name) => !variables.has(name))).toEqual([]);
    expect(settings).not.toEqual([]);
  });

  test("has a template that answers what a person may ask", () => {
    const template = text.split("## Template of a policy")[1] ?? "";
    for (const part of ["Who we are", "What we process", "Where", "How long", "What you can do"]) {
      expect(template).toContain(`**${part}`);
    }
    expect(template).toContain("72 hours");
  });
});
