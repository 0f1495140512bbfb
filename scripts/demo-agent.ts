/** `npm run demo:agent`: a language model repairs a program in the sandbox, and what it costs. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import colours from "picocolors";
import * as z from "zod";
import { keyVariables } from "#shared/core/models/key-variables";
import type { Item } from "#shared/protocol/item";
import { harmlessLine } from "../cli/terminal-text.ts";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { startProviders } from "../local/providers/server.ts";
import { buildAll } from "./build/build-all.ts";
import { type AgentRun, runAgent } from "./demo/agent-run.ts";
import { call, makeFirstOwner } from "./demo/api.ts";
import { itemLines } from "./demo/item-lines.ts";
import { scriptedCoder } from "./demo/scripted-coder.ts";
import { printLine as line } from "./demo/wrap.ts";
import { formatDuration } from "./tools/format.ts";
import { localModels } from "./tools/local-models.ts";
import "./tools/plain-errors.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const usage = `
npm run demo:agent -- [options]: a language model repairs a program on a cloud on this machine.

  --local         a scripted model of a local provider, which needs no key and costs nothing
  --model NAME    one of the provider's models; by default its smallest
  --task TEXT     something else than the repair`;
const values = readOptions(usage, {
  local: { type: "boolean", default: false },
  model: { type: "string" },
  task: { type: "string" },
});

const creditUsd = 5;
const example = join(repositoryRoot, "examples", "median");
const repair =
  "The tests in median.test.mjs fail. Find out why, repair median.mjs, and run the tests " +
  "(node --test median.test.mjs) until all of them pass. Change nothing else.";
/** The smallest model of each provider that can do it. */
const smallest = {
  anthropic: "claude-haiku-4-5",
  openai: "gpt-5-mini",
  google: "gemini-2.5-flash",
} as const;

const heading = (text: string) => console.log(`\n${colours.bold(colours.cyan(text))}`);
const usd = (amount: number) => `$${amount.toFixed(6)}`;

const localKey = "local-provider-key";
const providers = values.local
  ? await startProviders({ script: scriptedCoder, keys: [localKey] })
  : null;
const offered =
  providers === null
    ? await localModels(process.env, undefined)
    : {
        models: { providers: { anthropic: { baseUrl: providers.url } } },
        providerKeys: { anthropic: localKey },
      };
const [provider] = Object.entries(smallest).filter(([name]) => name in offered.providerKeys);
if (provider === undefined) {
  const variables = Object.values(keyVariables).join(", ");
  console.error(`${colours.red("✗")} There is no key of a model's provider.

Set one of ${variables} and call it again; the task costs a few cents:

  ${keyVariables.anthropic}=… npm run demo:agent

Or let a scripted model of a local provider do it, without a key and for nothing:

  npm run demo:agent -- --local

docs/agents.md says more.`);
  process.exit(1);
}
const model = values.model ?? provider[1];

heading("Build, and a local cloud");
await buildAll(repositoryRoot);
const dataFolder = await mkdtemp(join(tmpdir(), "paddock-demo-"));
const began = performance.now();
const cloud = await startLocalCloud({ dataFolder, fresh: true, ...offered });
line(
  `${colours.green("ready")} at ${cloud.baseUrl} after ${formatDuration(performance.now() - began)}`,
);
try {
  const run = await show(cloud);
  if (run.status !== "success") process.exitCode = 1;
} finally {
  await cloud.stop();
  await providers?.close();
  await rm(dataFolder, { recursive: true, force: true });
}

async function show({ baseUrl, ...rest }: LocalCloud): Promise<AgentRun> {
  const { key } = await makeFirstOwner({ baseUrl, ...rest }, creditUsd);
  const { environment } = await call(
    { url: `${baseUrl}/v1/environments`, key },
    z.object({ environment: z.object({ id: z.string() }) }),
    { name: "median", computeProfile: "lite" },
  );
  for (const name of await readdir(example)) {
    const form = new FormData();
    form.set("file", new Blob([await readFile(join(example, name))]), name);
    const url = `${baseUrl}/v1/environments/${environment.id}/files/upload`;
    await call({ url, key }, z.unknown(), form);
  }
  const { thread } = await call(
    { url: `${baseUrl}/v1/threads`, key },
    z.object({ thread: z.object({ id: z.string() }) }),
    { environmentId: environment.id },
  );
  const task = values.task ?? repair;
  heading(`The task, for ${model}${values.local ? ", played by a script" : ""}`);
  line(task);
  heading("What it does");
  const run = await runAgent({ baseUrl, key, threadId: thread.id }, { task, model, onItem: print });
  await sum(run, { baseUrl, key, threadId: thread.id });
  return run;
}

function print(item: Item): void {
  for (const each of itemLines(item)) line(each);
}

async function sum(
  run: AgentRun,
  { baseUrl, key, threadId }: { baseUrl: string; key: string; threadId: string },
): Promise<void> {
  heading("What came of it");
  line(`${run.status}: ${run.steps} answers of the model, ${run.calls} calls of tools`);
  const { diffs } = await call(
    { url: `${baseUrl}/v1/threads/${threadId}/diffs`, key },
    z.object({
      diffs: z.array(z.object({ path: z.string(), additions: z.number(), deletions: z.number() })),
    }),
  );
  for (const { path, additions, deletions } of diffs) {
    line(`${harmlessLine(path)}  +${additions} −${deletions}`);
  }
  heading("What it cost");
  const { input, output, cacheRead, cacheWrite } = run.tokens;
  line(`tokens     ${input} read, of them ${cacheRead} from the cache and ${cacheWrite} into it`);
  line(`           ${output} written`);
  line(
    `charged    ${usd(run.costUsd)} for tokens and ${formatDuration(run.durationMs)} of compute`,
  );
  const Budget = z.object({ balance: z.number(), held: z.number() });
  const { balance, held } = await call({ url: `${baseUrl}/v1/budget`, key }, Budget);
  line(`balance    ${usd(balance)}, ${usd(held)} still held`);
}
