/** The parts of docs/deploy.md and docs/scale.md that are computed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { smokeChecks } from "../deploy/smoke/checks.ts";
import { code, generatedNotice, table } from "../scripts/docs/markdown.ts";
import { durations, type Fact, habits, quotas } from "./assumptions.ts";
import { type Bill, type BillLine, monthlyBill } from "./bill.ts";
import { type Price, prices, pricesReadOn } from "./prices.ts";
import { idleMonth, idleTrialMonth, trialUsageOf, usageOf } from "./usage.ts";
import { typicalMonth } from "./usage-totals.ts";

interface Section {
  readonly name: string;
  readonly lines: readonly string[];
}

/** @throws unless `text` has the section, between its two marks. */
export function withSection(text: string, { name, lines }: Section): string {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`there is no section "${name}" between ${begin} and ${end}`);
  }
  return `${before}${begin}\n${lines.join("\n")}\n${end}${after}`;
}

/** `docs/deploy.md`, with a month's cost, and the checks of the smoke test. */
export function renderDeployPage(root: string): string {
  const text = readFileSync(join(root, "docs/deploy.md"), "utf8");
  const withCosts = withSection(text, { name: "costs", lines: costLines() });
  const withTrial = withSection(withCosts, { name: "trial-costs", lines: trialCostLines() });
  return withSection(withTrial, { name: "smoke", lines: smokeLines() });
}

/** `docs/scale.md`, with the simulation's assumptions. */
export function renderScalePage(root: string): string {
  const text = readFileSync(join(root, "docs/scale.md"), "utf8");
  return withSection(text, { name: "assumptions", lines: assumptionLines() });
}

function smokeLines(): string[] {
  const rows = smokeChecks.map(({ name, promise }) => [code(name), promise]);
  return [
    generatedNotice("deploy/smoke/checks.ts"),
    "",
    ...table(["check", "what holds if it passes"], rows),
  ];
}

const volumes = [0, 1_000, 1_000_000] as const;

function costLines(): string[] {
  const bills = volumes.map((volume) => billOf(volume));
  const total = volumes.map((volume, index) => [count(volume), usd(bills[index]?.usd ?? 0)]);
  const priceRows = Object.values(prices).map((price: Price) => [
    price.what,
    `$${decimal(price.usd)} / ${perUnit(price)}`,
    price.free > 0 ? count(price.free) : "",
    price.source,
    price.verified ? "" : "not verified",
  ]);
  return [
    generatedNotice("sim/prices.ts and sim/usage.ts"),
    "",
    ...table(["executions a month", "US dollars a month"], total),
    "",
    ...volumes.flatMap((volume, index) => [
      `### ${count(volume)} executions a month`,
      "",
      ...arithmetic(bills[index]),
      "",
    ]),
    "### Prices",
    "",
    `Looked up on ${pricesReadOn}. Free is what a billing account has free each month.`,
    "",
    ...table(["what", "price", "free", "source", ""], priceRows),
  ];
}

const trialVolumes = [0, 1_000, 10_000] as const;

function trialCostLines(): string[] {
  const bills = trialVolumes.map((volume) =>
    monthlyBill(idleTrialMonth, trialUsageOf(typicalMonth(volume))),
  );
  const total = trialVolumes.map((volume, index) => [count(volume), usd(bills[index]?.usd ?? 0)]);
  return [
    generatedNotice("sim/prices.ts and sim/usage.ts"),
    "",
    ...table(["executions a month", "US dollars a month"], total),
    "",
    "What it costs while nobody calls:",
    "",
    ...arithmetic(bills[0]),
  ];
}

function billOf(volume: number): Bill {
  return monthlyBill(idleMonth, usageOf(typicalMonth(volume)));
}

function arithmetic(bill: Bill | undefined): string[] {
  const lines = bill?.lines ?? [];
  const rows = lines.map((line) => [prices[line.name].what, sumOf(line), usd(line.usd)]);
  return table(["", "", "$"], [...rows, ["**in all**", "", `**${usd(bill?.usd ?? 0)}**`]]);
}

/** (12,000 − 1,000 free) vCPU-seconds × $0.000018. */
function sumOf({ name, quantity }: BillLine): string {
  const price: Price = prices[name];
  const used = `${count(quantity)} ${many(price.unit)}`;
  const rate = `$${decimal(price.usd)}${price.per === 1 ? "" : ` / ${count(price.per)}`}`;
  if (price.free === 0) return `${used} × ${rate}`;
  if (quantity <= price.free) return `${used}, ${count(price.free)} are free`;
  return `(${used} − ${count(price.free)}) × ${rate}`;
}

function assumptionLines(): string[] {
  const facts: readonly Fact[] = [quotas, durations, habits].flatMap((group) =>
    Object.values(group),
  );
  const rows = facts.map(({ what, value, unit, source, verified }) => [
    what,
    `${decimal(value)} ${unit}`.trim(),
    source,
    verified || source === "assumption" ? "" : "not verified",
  ]);
  return [
    generatedNotice("sim/assumptions.ts"),
    "",
    ...table(["what", "taken to be", "source", ""], rows),
  ];
}

const count = (value: number) =>
  value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
const decimal = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 8 });
const usd = (value: number) =>
  value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const perUnit = ({ per, unit }: Price) => (per === 1 ? unit : `${count(per)} ${many(unit)}`);

function many(unit: string): string {
  if (unit === "GiB") return unit;
  return unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`;
}
