import { join } from "node:path";
import * as z from "zod";
import { readManifest } from "../../local/functions/manifest.ts";
import { call } from "../../scripts/demo/api.ts";
import type { BareName } from "../baseline-bundles.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { type FunctionStart, startFunction } from "../function-child.ts";
import { newOwner } from "../owners.ts";
import { median } from "../statistics.ts";

const rounds = { short: 3, full: 9 };
/** What the tests start; the others load more, though only when it is needed. */
const shortNames = ["agents", "meta"];
const ratioMax = { firestore: 1.25, nothing: 1.3 };

/** Spawn to first answer, next to a bare function that only loads the Firestore client. */
export const coldStart: Figure = {
  name: "cold",
  title: "Cold start, spawn to first answer",
  async run(bench) {
    const { functions } = readManifest(bench.distFolder);
    const all = Object.entries(functions).map(([name, { bundle }]) => ({ name, bundle }));
    const chosen =
      bench.effort === "full" ? all : all.filter(({ name }) => shortNames.includes(name));
    const rows: Row[] = [];
    for (const one of chosen) rows.push(await startRow(bench, one));
    return bench.effort === "full" ? [...rows, await firstReadRow(bench)] : rows;
  },
};

/** The router answers without reading anything; most functions have no public route. */
async function startRow(
  bench: Bench,
  { name, bundle }: { readonly name: string; readonly bundle: string },
): Promise<Row> {
  const isMeta = name === "meta";
  const first = isMeta ? { path: "/v1/health", status: 200 } : { path: "/", status: 404 };
  const ours = { bundle: join(bench.distFolder, bundle), environment: bench.environment, first };
  const times = await startByTurns(bench, ours, isMeta ? "hello" : "firestore-client");
  return {
    what: name,
    unit: "ms",
    value: times.ours,
    baseline: { what: isMeta ? "hello world" : "Firestore's client alone", value: times.bare },
    goal: { of: "ratio", atMost: isMeta ? ratioMax.nothing : ratioMax.firestore },
  };
}

const Agent = z.object({ agent: z.object({ id: z.string() }) });

/** The first call of a process connects and reads twice, because the key isn't cached yet. */
async function firstReadRow(bench: Bench): Promise<Row> {
  const { key, id } = await newOwner(bench);
  const body = { name: "measured", model: "shell" };
  const { agent } = await call({ url: `${bench.baseUrl}/v1/agents`, key }, Agent, body);
  const ours = {
    bundle: join(bench.distFolder, "functions/agents.cjs"),
    environment: { ...bench.environment, BENCH_DOCUMENT: `owners/${id}/agents/${agent.id}` },
    first: { path: `/v1/agents/${agent.id}`, key, status: 200 },
  };
  const times = await startByTurns(bench, ours, "one-get");
  return {
    what: "agents, to the first document",
    unit: "ms",
    value: times.ours,
    baseline: { what: "bare function, one get", value: times.bare },
    goal: { of: "ratio", atMost: ratioMax.firestore },
  };
}

async function startByTurns(
  bench: Bench,
  ours: FunctionStart,
  bareName: BareName,
): Promise<{ readonly ours: number; readonly bare: number }> {
  const bare: FunctionStart = {
    bundle: join(bench.bareFolder, `${bareName}.cjs`),
    environment: ours.environment,
    first: { path: "/", status: 200 },
  };
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  // The first start of each fills the cache of compiled code, which an image includes.
  for (let round = 0; round <= rounds[bench.effort]; round += 1) {
    const pair = { ours: await timeOf(ours), bare: await timeOf(bare) };
    if (round === 0) continue;
    times.ours.push(pair.ours);
    times.bare.push(pair.bare);
  }
  return { ours: median(times.ours), bare: median(times.bare) };
}

async function timeOf(start: FunctionStart): Promise<number> {
  const started = await startFunction(start);
  await started.stop();
  return started.firstAnswerMs;
}
