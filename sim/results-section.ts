/**
 * The tables of docs/scale.md that a simulation fills; it is too slow to run with the other pages.
 */
import { code, generatedNotice, table } from "../scripts/docs/markdown.ts";
import { formatDuration } from "../scripts/tools/format.ts";
import { productDay } from "./day-settings.ts";
import { type ScaleResult, simulateScale } from "./scale.ts";

const usual = { executionsPerDay: 10_000, owners: 200, burst: 20, seed: 1 };

interface Tried {
  readonly options: string;
  readonly scale: number;
  readonly regions?: number;
  readonly room?: { readonly callsMax: number; readonly runningMax: number };
}

const today: readonly Tried[] = [
  { options: "--scale 1", scale: 1 },
  { options: "--scale 10", scale: 10 },
  { options: "--scale 100", scale: 100 },
  { options: "--scale 10000", scale: 10_000 },
];
const answers: readonly Tried[] = [
  {
    options: "--scale 10 --run-calls 600",
    scale: 10,
    room: { callsMax: 600, runningMax: 1_000 },
  },
  {
    options: "--scale 100 --run-calls 3000 --running 3000",
    scale: 100,
    room: { callsMax: 3_000, runningMax: 3_000 },
  },
  { options: "--scale 100 --regions 10", scale: 100, regions: 10 },
  { options: "--scale 10000 --regions 1000", scale: 10_000, regions: 1_000 },
];

/** The columns of the sections `today` and `answers`: by their options, each figure in order. */
export const columns = {
  today: today.map((tried) => ({ options: tried.options, figures: () => figuresOf(tried) })),
  answers: answers.map((tried) => ({ options: tried.options, figures: () => figuresOf(tried) })),
};

/** The lines of a section; simulates all of it again. */
export function resultLines(section: keyof typeof columns): string[] {
  const notice = generatedNotice("a simulation").replace(
    "npm run docs",
    "PADDOCK_WRITE_DOCS=1 npm test -- sim/results",
  );
  const all = columns[section].map(({ options, figures }) => ({ options, cells: figures() }));
  const rows = figures.map(([what], row) => [what, ...all.map(({ cells }) => cells[row] ?? "")]);
  return [notice, "", ...table(["", ...all.map(({ options }) => code(options))], rows)];
}

function figuresOf(tried: Tried): readonly string[] {
  const result = play(tried);
  return figures.map(([, cell]) => cell(result));
}

function play({ scale, regions = 1, room }: Tried): ScaleResult {
  const { executionsPerDay, owners } = usual;
  const load = { ...usual, executionsPerDay: executionsPerDay * scale, owners: owners * scale };
  const region = room ? { ...productDay, room: { ...productDay.room, ...room } } : productDay;
  return simulateScale({ ...load, regions }, region);
}

type Figure = readonly [what: string, cell: (result: ScaleResult) => string];

const figures: readonly Figure[] = [
  ["executions sent", ({ arrived }) => count(arrived)],
  ["started", ({ started }) => count(started)],
  ["refused by an owner's own limits", refusedByLimits],
  ["refused by a hot account (503)", ({ refused }) => count(refused.CONTENTION ?? 0)],
  ["given up after an hour", ({ givenUp }) => count(givenUp)],
  ["granted and started within a minute", withinMinute],
  ["wait of those that started, p50", ({ waitMs }) => wait(waitMs.p50)],
  ["… p99", ({ waitMs }) => wait(waitMs.p99)],
  ["waiting for room, at most", ({ queue }) => count(queue.most)],
  ["breaks first", breaksFirst],
  ["used at the peak: RunJob calls", (result) => used(result, "RunJob calls")],
  ["… executions that run", (result) => used(result, "executions that run")],
  ["… commits to the hottest account", (result) => used(result, "commits to one document")],
  ["… requests of the busiest address", (result) => used(result, "requests of one address")],
  ["… the index of what is due", (result) => used(result, "writes to an index on a time")],
  ["… answers that stream", (result) => used(result, "answers that stream")],
  ["… KMS", (result) => used(result, "KMS tokens, 100 a call")],
  ["… logs", (result) => used(result, "bytes of logs taken in")],
  ["charged to owners, a day", ({ chargedUsd }) => `$${count(chargedUsd)}`],
  ["costs, a day", ({ costUsd }) => `$${count(costUsd)}`],
];

const count = (value: number) => Math.round(value).toLocaleString("en");
const wait = (ms: number | null) => (ms === null ? "–" : formatDuration(ms));

function refusedByLimits({ refused }: ScaleResult): string {
  const { CONTENTION: _hot, ...limits } = refused;
  return count(Object.values(limits).reduce((sum, number) => sum + number, 0));
}

function withinMinute({ startedWithinMinuteShare: share }: ScaleResult): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

function breaksFirst({ firstBreak }: ScaleResult): string {
  if (!firstBreak) return "nothing";
  const minute = firstBreak.firstAtMinute ?? 0;
  const clock = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0"));
  return `${firstBreak.what}, ${clock.join(":")} UTC`;
}

function used({ quotas }: ScaleResult, what: string): string {
  const use = quotas.find((quota) => quota.what === what);
  if (!use) throw new Error(`nothing is known of ${what}`);
  const percent = (use.peak / use.limit) * 100;
  return percent >= 10 ? `${count(percent)} %` : `${percent.toFixed(1)} %`;
}
