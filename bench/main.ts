/** `npm run bench`: measures how fast it is, each figure next to its baseline from the same run. */
import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import colours from "picocolors";
import { formatDuration } from "../scripts/tools/format.ts";
import { readOptions, refuse } from "../scripts/tools/options.ts";
import { type Bench, type Figure, isMet, type Row, ratioOf } from "./figure.ts";
import { figures } from "./figures.ts";
import { openBench } from "./open-bench.ts";
import { printFigure, printHead } from "./print-table.ts";
import { startBenchCloud } from "./start-cloud.ts";

interface Measured {
  readonly figure: string;
  readonly rows: readonly Row[];
}

const names = figures.map(({ name }) => name).join(",");
const usage = `
npm run bench -- [options]: each figure beside its baseline, measured by turns in the same run.
Ends with 1 if a goal is missed.

  --only ${names}
                 these alone
  --short        fewer rounds, as the tests do
  --json FILE    the figures for machines`;
const values = readOptions(usage, {
  only: { type: "string" },
  short: { type: "boolean", default: false },
  json: { type: "string" },
});
const beganAt = performance.now();
const chosen = choose(values.only);
const cloud = await startBenchCloud();
try {
  const bench = await openBench(cloud, values.short ? "short" : "full");
  const measured = await measureAll(bench);
  if (values.json !== undefined) await writeFile(values.json, asJson(measured));
  close(measured);
} finally {
  // The data is discarded, and a failure of that mustn't hide an earlier one.
  await cloud.stop().catch((failure: unknown) => console.error(String(failure)));
}

function choose(only: string | undefined): readonly Figure[] {
  if (only === undefined) return figures;
  const wanted = only.split(",");
  const unknown = wanted.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) refuse(`There is no figure ${unknown.join(", ")}; there are ${names}.`);
  return figures.filter(({ name }) => wanted.includes(name));
}

async function measureAll(bench: Bench): Promise<Measured[]> {
  const busy = (loadavg()[0] ?? 0).toFixed(1);
  console.log(colours.dim(`${availableParallelism()} cores, load ${busy} before the first figure`));
  printHead();
  const measured: Measured[] = [];
  for (const figure of chosen) {
    const rows = await figure.run(bench);
    printFigure(`${figure.title} ${colours.dim(figure.name)}`, rows);
    measured.push({ figure: figure.name, rows });
  }
  return measured;
}

function asJson(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ figure, rows: own }) =>
    own.map((row) => ({ figure, ...row, ratio: ratioOf(row), met: isMet(row) })),
  );
  return `${JSON.stringify({ cores: availableParallelism(), rows }, null, 2)}\n`;
}

function close(measured: readonly Measured[]): void {
  const verdicts = measured.flatMap(({ rows }) => rows.map(isMet));
  const held = verdicts.filter((met) => met !== null);
  const missed = held.filter((met) => !met).length;
  const took = colours.dim(`in ${formatDuration(performance.now() - beganAt)}`);
  console.log(`\n${held.length - missed} goals met, ${missed} missed ${took}`);
  if (missed > 0) process.exitCode = 1;
}
