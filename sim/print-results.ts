/** Prints a simulated day for people: a column for each scale. */
import colours from "picocolors";
import { formatDuration } from "../scripts/tools/format.ts";
import type { QuotaUse } from "./quota-uses.ts";
import type { ScaleResult } from "./scale.ts";

type Result = ScaleResult & { readonly scale: number };

const width = { what: 34, value: 15 };
const bars = "▁▂▃▄▅▆▇█";

export function printResults(results: readonly Result[]): void {
  const [first] = results;
  if (!first) return;
  const { seed, burst, regions } = first.scenario;
  const where = regions === 1 ? "1 region" : `${count(regions)} regions`;
  console.log(
    `\n${colours.bold("A simulated day")}  ${where}, bursts of ${burst} ×, --seed ${seed}\n`,
  );
  row("", results, ({ scale }) => colours.bold(`${count(scale)} ×`));
  row("executions sent", results, ({ arrived }) => count(arrived));
  row("owners", results, ({ scenario }) => count(scenario.owners));
  row("each simulated one stands for", results, ({ standsFor }) => digits(standsFor));
  heading("What became of them");
  row("started", results, ({ started }) => count(started));
  row("refused by an owner's limits", results, refusedByLimits);
  row("refused by a hot account (503)", results, ({ refused }) => bad(refused.CONTENTION ?? 0));
  row("given up after an hour's wait", results, ({ givenUp }) => bad(givenUp));
  row("granted and started in a minute", results, withinMinute);
  row("wait to start, p50", results, ({ waitMs }) => wait(waitMs.p50));
  row("wait to start, p99", results, ({ waitMs }) => wait(waitMs.p99));
  row("waiting for room, at most", results, ({ queue }) => count(queue.most));
  row("still waiting at midnight", results, ({ queue }) => count(queue.atMidnight));
  heading("At the peak, of what there is");
  first.quotas.forEach(({ what, limit, unit }, index) => {
    row(what, results, ({ quotas }) => utilisation(quotas[index]));
    console.log(colours.dim(`    ${short(limit)} ${unit}`));
  });
  heading("Money, a day");
  row("charged to owners", results, ({ chargedUsd }) => usd(chargedUsd));
  row("costs", results, ({ costUsd }) => usd(costUsd));
  row("costs for each 1,000 started", results, perThousand);
  heading("What breaks first");
  for (const { scale, firstBreak } of results) {
    const what = firstBreak ? colours.red(broken(firstBreak)) : colours.green("nothing");
    console.log(`  ${`${count(scale)} ×`.padStart(9)}  ${what}`);
  }
  heading("Hour by hour, UTC: sent, and waiting for room");
  for (const { scale, hours } of results) {
    const sent = spark(hours.map((hour) => hour.sent));
    const queued = spark(hours.map((hour) => hour.queuedMax));
    console.log(`  ${`${count(scale)} ×`.padStart(9)}  ${sent}  ${queued}`);
  }
  console.log("");
}

function heading(text: string): void {
  console.log(`\n${colours.bold(text)}`);
}

function row(what: string, results: readonly Result[], cell: (result: Result) => string): void {
  const cells = results.map((result) => padStart(cell(result), width.value));
  console.log(`  ${what.padEnd(width.what)}${cells.join("")}`);
}

/** Colour codes take no width. */
function padStart(text: string, length: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are.
  const shown = text.replaceAll(/\x1b\[\d+m/g, "").length;
  return " ".repeat(Math.max(0, length - shown)) + text;
}

const count = (value: number) => Math.round(value).toLocaleString("en");
const digits = (value: number) => (value < 10 ? value.toFixed(1).replace(".0", "") : count(value));

function bad(value: number): string {
  return value === 0 ? "0" : colours.red(count(value));
}

function wait(ms: number | null): string {
  if (ms === null) return "–";
  return ms > 60_000 ? colours.red(formatDuration(ms)) : formatDuration(ms);
}

function withinMinute({ startedWithinMinuteShare: share }: Result): string {
  if (share === null) return "–";
  const text = `${(share * 100).toFixed(1)} %`;
  return share < 0.99 ? colours.red(text) : text;
}

function refusedByLimits({ refused }: Result): string {
  const { CONTENTION: _hot, ...limits } = refused;
  return count(Object.values(limits).reduce((sum, number) => sum + number, 0));
}

function utilisation(use: QuotaUse | undefined): string {
  if (!use) return "–";
  const percent = (use.peak / use.limit) * 100;
  const text = percent >= 10 ? `${count(percent)} %` : `${percent.toFixed(1)} %`;
  if (use.firstAtMinute !== null) return colours.red(text);
  return percent >= 70 ? colours.yellow(text) : text;
}

function broken({ what, firstAtMinute }: QuotaUse): string {
  const minute = firstAtMinute ?? 0;
  const clock = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0"));
  return `${what}, at ${clock.join(":")}`;
}

function usd(value: number): string {
  return `$${value < 1_000 ? value.toFixed(2) : count(value)}`;
}

function perThousand({ costUsd, started }: Result): string {
  return started === 0 ? "–" : usd((costUsd / started) * 1_000);
}

/** 4,800,000,000 → "4.8 G". */
function short(value: number): string {
  if (value >= 1e9) return `${value / 1e9} G`;
  return count(value);
}

function spark(values: readonly number[]): string {
  const most = Math.max(...values);
  const bar = (value: number) =>
    most === 0 ? " " : (bars[Math.min(7, Math.floor((value / most) * 8))] ?? "");
  return values.map(bar).join("");
}
