/**
 * `npm run check:providers`: lets a model of each provider with a key do a small task, and compares
 * what was charged with what the provider reported, read from its own bytes by another program.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import colours from "picocolors";
import * as z from "zod";
import { catalogue } from "#shared/core/models/catalogue";
import { keyVariables } from "#shared/core/models/key-variables";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { startProviders } from "../local/providers/server.ts";
import { buildAll } from "./build/build-all.ts";
import { runAgent } from "./demo/agent-run.ts";
import { call, makeFirstOwner } from "./demo/api.ts";
import { type Reported, recordProvider } from "./models/recorded-provider.ts";
import { localModels } from "./tools/local-models.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const usage = `
npm run check:providers -- [--local]: compares what model calls were charged with what each
provider reported. It calls the smallest model of each provider whose key is in the environment,
which costs a few cents.

  --local         local providers instead, which need no key`;
const values = readOptions(usage, { local: { type: "boolean", default: false } });

const creditUsd = 5;
const task =
  "Write the numbers from 1 to 20 into numbers.txt, a line each, then add them up with a command " +
  "that reads the file. Answer with the sum alone.";
const known = {
  anthropic: { model: "claude-haiku-4-5", address: "https://api.anthropic.com" },
  openai: { model: "gpt-5-mini", address: "https://api.openai.com" },
  google: { model: "gemini-2.5-flash", address: "https://generativelanguage.googleapis.com" },
} as const;
type Provider = keyof typeof known;

const localKey = "local-provider-key";
const shell = { kind: "tool-call", name: "bash" } as const;
const play = () => [
  { items: [{ ...shell, input: { command: "seq 20 > numbers.txt" } }] },
  { items: [{ ...shell, input: { command: "awk '{s+=$1} END {print s}' numbers.txt" } }] },
  { items: [{ kind: "text" as const, text: "210" }] },
];

const real = await localModels(process.env, undefined);
const everyLocal = Object.fromEntries(Object.keys(known).map((name) => [name, localKey]));
const keys: Readonly<Record<string, string>> = values.local ? everyLocal : real.providerKeys;
const names = Object.keys(known).filter((name): name is Provider => name in keys);
if (names.length === 0) {
  const variables = Object.values(keyVariables).join(", ");
  console.error(
    `${colours.red("✗")} There is no key of a model's provider, so there is nothing to compare. ` +
      `Set one or more of ${variables}; or try the comparison itself with -- --local.`,
  );
  process.exit(1);
}

await buildAll(repositoryRoot);
for (const name of names) {
  const isSame = await check(name, keys[name] ?? "");
  if (!isSame) process.exitCode = 1;
}

async function check(name: Provider, key: string): Promise<boolean> {
  const { model, address } = known[name];
  const stand = values.local ? await startProviders({ script: play(), keys: [localKey] }) : null;
  const recorder = await recordProvider(stand?.url ?? address);
  const dataFolder = await mkdtemp(join(tmpdir(), "paddock-check-"));
  const cloud = await startLocalCloud({
    dataFolder,
    fresh: true,
    models: { providers: { [name]: { baseUrl: recorder.url } } },
    providerKeys: { [name]: key },
  });
  try {
    const charged = await runAndCharge(cloud, model);
    return compare(name, model, { charged, reported: recorder.reported() });
  } finally {
    await cloud.stop();
    await recorder.close();
    await stand?.close();
    await rm(dataFolder, { recursive: true, force: true });
  }
}

interface Charged {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly microusd: number;
}

async function runAndCharge(cloud: LocalCloud, model: string): Promise<Charged> {
  const { baseUrl } = cloud;
  const { key } = await makeFirstOwner(cloud, creditUsd);
  const { thread } = await call(
    { url: `${baseUrl}/v1/threads`, key },
    z.object({ thread: z.object({ id: z.string() }) }),
    {},
  );
  const where = { baseUrl, key, threadId: thread.id };
  const run = await runAgent(where, { task, model, onItem: () => undefined });
  const { data } = await call(
    { url: `${baseUrl}/v1/audit`, key },
    z.object({ data: z.array(z.object({ facts: z.record(z.string(), z.unknown()) })) }),
  );
  const ended = data.find(({ facts }) => "modelCostMicrousd" in facts);
  const microusd = z.number().parse(ended?.facts.modelCostMicrousd);
  return { inputTokens: run.charged.input, outputTokens: run.charged.output, microusd };
}

function compare(
  name: Provider,
  model: string,
  { charged, reported }: { readonly charged: Charged; readonly reported: readonly Reported[] },
): boolean {
  const microusd = reported.map((one) => priceOf(model, one)).reduce((a, b) => a + b, 0);
  const sum = (field: keyof Reported) => reported.reduce((all, one) => all + one[field], 0);
  const input = sum("input") + sum("cacheRead") + sum("cacheWrite");
  const pairs = [
    ["tokens read", charged.inputTokens, input],
    ["tokens written", charged.outputTokens, sum("output")],
    ["micro-US-dollars", charged.microusd, microusd],
  ] as const;
  console.log(`\n${colours.bold(`${name}, ${model}`)}: ${reported.length} calls`);
  for (const [what, one, other] of pairs) {
    const mark = one === other ? colours.green("✓") : colours.red("✗");
    console.log(`  ${mark} ${what.padEnd(17)} charged ${one}, reported ${other}`);
  }
  return reported.length > 0 && pairs.every(([, one, other]) => one === other);
}

/** Rounded up for each call; tiers by size don't matter for so small a task. */
function priceOf(model: string, { input, cacheRead, cacheWrite, output }: Reported): number {
  const price = catalogue().models.find(({ id }) => id === model)?.prices[0];
  if (price === undefined) throw new Error(`${model} has no price`);
  const perMillion =
    input * price.input +
    cacheRead * (price.cacheRead ?? price.input) +
    cacheWrite * (price.cacheWrite5m ?? price.input) +
    output * price.output;
  return Math.ceil(perMillion / 1_000_000);
}
