/** `npm run sim`: see `usage`. */
import { readOptions } from "../scripts/tools/options.ts";
import { showWorking } from "../scripts/tools/working.ts";
import { quotas } from "./assumptions.ts";
import { printResults } from "./print-results.ts";
import { readWhole } from "./read-whole.ts";

const usage = `
npm run sim -- [options]: plays a day of bursty load through start, queue, run and settlement, with
the product's own decisions on money, limits and turns, against the platform's quotas; says how long
people wait, what breaks first and when, and what the day costs. The same options give the same day.

  --executions-per-day N  sent on a day at 1 × (10,000)
  --owners N              who send them, by Zipf's law, at 1 × (200)
  --scale N               one scale alone, instead of 1, 10, 100 and 10,000 ×: that many times the
                          executions and the owners
  --regions N             deployments beside each other, each with quotas of its own (1)
  --run-calls N           RunJob calls that a region admits in a minute (180)
  --running N             executions that may run in a region at once (1,000)
  --burst N               how many times its usual rate an owner sends at during a burst (20)
  --seed N                another day of the same kind (1)
  --json                  for machines

More than 12,000 executions a region isn't played whole: a part of its owners comes to the same
part of its room, and what is counted there is multiplied. docs/scale.md says what is assumed.`;

const values = readOptions(usage, {
  "executions-per-day": { type: "string" },
  owners: { type: "string" },
  scale: { type: "string" },
  regions: { type: "string" },
  "run-calls": { type: "string" },
  running: { type: "string" },
  burst: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean", default: false },
});
const whole = (name: keyof typeof values, usual: number, max: number) =>
  readWhole({ name, text: values[name], usual, max });
const executionsPerDay = whole("executions-per-day", 10_000, 1_000_000);
const owners = whole("owners", 200, 10_000);
const regions = whole("regions", 1, 10_000);
const burst = whole("burst", 20, 1_000);
const seed = whole("seed", 1, 2 ** 31 - 1);
const callsMax = whole("run-calls", quotas.runJobCalls.value, 1_000_000);
const runningMax = whole("running", quotas.running.value, 1_000_000);
const scales = values.scale ? [whole("scale", 1, 100_000)] : [1, 10, 100, 10_000];
// The functions whose numbers it uses take a second to load, so mistakes are reported before.
const { productDay } = await import("./day-settings.ts");
const { simulateScale } = await import("./scale.ts");
const region = { ...productDay, room: { ...productDay.room, callsMax, runningMax } };
const results = scales.map((scale) => {
  const done = showWorking(`${scale.toLocaleString("en")} ×`);
  const load = { executionsPerDay: executionsPerDay * scale, owners: owners * scale, burst, seed };
  const result = simulateScale({ ...load, regions }, region);
  done();
  return { scale, ...result };
});
if (values.json) console.log(JSON.stringify(results, null, 2));
else printResults(results);
