import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "#shared/core/assert";
import { generatedNotice, table } from "./markdown.ts";

const folder = "docs/adr";

/** The list of decisions, from the first lines of each page. */
export function renderDecisions(root: string): string {
  const names = readdirSync(join(root, folder)).filter((name) => /^\d{4}-/.test(name));
  const rows = names.sort(inOrder).map((name) => {
    const [title = "", , about = ""] = readFileSync(join(root, folder, name), "utf8").split("\n");
    const decision = /^# (\d+)\. (.+)$/.exec(title);
    const stated = /^Date: (\S+) · Status: (.+)$/.exec(about);
    assert(decision && stated, `${name} begins with its title, date and status`);
    const [, number = "", what = ""] = decision;
    const [, date = "", status = ""] = stated;
    return [number, `[${what}](${name})`, date, inShort(status)];
  });
  return `${[...introduction, ...table(["number", "decision", "date", "status"], rows)].join("\n")}\n`;
}

const introduction = [
  "# Decisions",
  "",
  generatedNotice("the first lines of each page"),
  "",
  "Each page records one decision that had an alternative: its context, what was decided, and why. A",
  "new decision gets the next number; a decision that changes gets a new page, and the old one says",
  "which page superseded it.",
  "",
];

function inOrder(one: string, other: string): number {
  return one < other ? -1 : 1;
}

/** `Superseded by [ADR 19](…)` as `superseded by 19`. */
function inShort(status: string): string {
  return status.replace(/\[ADR (\d+)\]\([^)]*\)/g, "$1").toLowerCase();
}
