import colours from "picocolors";
import { isMet, type Row, ratioOf, type Unit } from "./figure.ts";

const widths = { what: 42, value: 12, baseline: 42, ratio: 8, goal: 10 };

const head = ["measured", "baseline", "ratio", "goal"] as const;

/** Prints the column names once. */
export function printHead(): void {
  const [value, baseline, ratio, goal] = head;
  const columns = [
    "".padEnd(widths.what),
    value.padStart(widths.value),
    `  ${baseline.padEnd(widths.baseline)}`,
    ratio.padStart(widths.ratio),
    goal.padStart(widths.goal),
  ];
  console.log(colours.dim(columns.join(" ")));
}

/** Prints a figure's rows under its title; the last column marks missed goals. */
export function printFigure(title: string, rows: readonly Row[]): void {
  console.log(`\n${colours.bold(title)}`);
  for (const row of rows) console.log(lineOf(row));
}

function lineOf(row: Row): string {
  const { what, unit, value, baseline } = row;
  const ratio = ratioOf(row);
  const beside = baseline ? `${quantity(baseline.value, unit)}  ${baseline.what}` : "";
  return [
    `  ${what}`.padEnd(widths.what),
    quantity(value, unit).padStart(widths.value),
    `  ${beside.padEnd(widths.baseline)}`,
    (ratio === null ? "" : `${ratio.toFixed(2)} ×`).padStart(widths.ratio),
    goalOf(row).padStart(widths.goal),
    verdict(row),
  ].join(" ");
}

export function verdict(row: Row): string {
  const met = isMet(row);
  if (met === null) return "";
  return met ? colours.green("✓") : colours.red("✗ missed");
}

function goalOf({ goal, unit }: Row): string {
  if (goal === undefined) return "";
  const of = (value: number) => (goal.of === "ratio" ? `${value} ×` : quantity(value, unit));
  return goal.atMost === undefined ? `≥ ${of(goal.atLeast ?? 0)}` : `≤ ${of(goal.atMost)}`;
}

/** 1,234 /s; 12.3 ms; 0 errors. */
function quantity(value: number, unit: Unit): string {
  const finest = value < 10 ? 2 : 1;
  const digits = unit === "ms" && value < 100 && !Number.isInteger(value) ? finest : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString("en", options)} ${unit}`;
}
