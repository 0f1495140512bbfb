/** `npm run demo`: see `usage`. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import colours from "picocolors";
import * as z from "zod";
import { harmless } from "../cli/terminal-text.ts";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { buildAll } from "./build/build-all.ts";
import { call, type FirstOwner, makeFirstOwner } from "./demo/api.ts";
import { auditLines } from "./demo/audit.ts";
import { type Run, sendMessage } from "./demo/stream.ts";
import { printLine as line } from "./demo/wrap.ts";
import { formatDuration } from "./tools/format.ts";
import "./tools/plain-errors.ts";
import { readOptions } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const usage = `
npm run demo: the whole path once, on a local cloud of its own, with nothing recorded in advance.`;
readOptions(usage, {});

const example = join(repositoryRoot, "examples", "seattle-weather");
const creditUsd = 5;

const began = performance.now();
const heading = (text: string) => console.log(`\n${colours.bold(colours.cyan(text))}`);
const usd = (amount: number) => `$${amount.toFixed(6)}`;

heading("Build");
const { built, bundles } = await buildAll(repositoryRoot);
line(built ? `${bundles.length} bundles` : "nothing has changed");

heading("Local cloud");
const dataFolder = await mkdtemp(join(tmpdir(), "paddock-demo-"));
const cloud = await startLocalCloud({
  dataFolder,
  fresh: true,
  onProgress: ({ name, ms }) => line(`${name.padEnd(16)} ${colours.dim(formatDuration(ms))}`),
});
try {
  line(`${colours.green("ready")} at ${cloud.baseUrl}`);
  await show(cloud);
} finally {
  heading("Shutting down");
  await cloud.stop();
  await rm(dataFolder, { recursive: true, force: true });
  line(`nothing left running; ${formatDuration(performance.now() - began)} in all`);
}

async function show(cloud: LocalCloud): Promise<void> {
  heading("An operator, an owner, a key");
  const owner = await makeFirstOwner(cloud, creditUsd);
  line(`owner ${owner.id} with ${usd(creditUsd)}`);
  line(`key   ${owner.key.slice(0, 16)}… (shown once; stored as its SHA-256)`);
  const { environmentId, threadId } = await prepare(cloud, owner);
  cloud.operations.reset();
  const run = await execute(cloud, owner, threadId);
  const counted = cloud.operations.sum();
  await result(cloud, owner, environmentId);
  await bill(cloud, owner, run);
  heading("What it cost in Firestore operations, from the message to the settlement");
  line(
    `${counted.reads} reads, ${counted.writes} writes, ${counted.listenReads} documents listened to`,
  );
  heading("On the record");
  for (const row of await auditLines(cloud, owner.id)) {
    const time = new Date(row.at).toISOString().slice(11, 23);
    const leaf = colours.dim(row.leafHash.slice(0, 12));
    line(`${time}  ${row.action.padEnd(20)} ${leaf} ${row.intact ? "✓" : "✗"}  ${row.actor}`);
  }
}

async function prepare(cloud: LocalCloud, { key }: FirstOwner) {
  heading("An environment with a secret, and a data set");
  const Environment = z.object({ environment: z.object({ id: z.string() }) });
  const { environment } = await call(
    { url: `${cloud.baseUrl}/v1/environments`, key },
    Environment,
    {
      name: "weather",
      computeProfile: "lite",
      secrets: [{ key: "WEATHER_API_KEY", value: "not-a-real-key-but-a-real-secret" }],
    },
  );
  line(`environment ${environment.id}, its secret sealed with HPKE under a KMS-wrapped key`);
  const form = new FormData();
  form.set("file", new Blob([await readFile(join(example, "weather.csv"))]), "weather.csv");
  const url = `${cloud.baseUrl}/v1/environments/${environment.id}/files/upload`;
  const { path, size } = await call(
    { url, key },
    z.object({ path: z.string(), size: z.number() }),
    form,
  );
  line(`uploaded ${path}, ${size.toLocaleString("en")} bytes of NOAA observations`);
  const Thread = z.object({ thread: z.object({ id: z.string() }) });
  const body = { environmentId: environment.id };
  const { thread } = await call({ url: `${cloud.baseUrl}/v1/threads`, key }, Thread, body);
  return { environmentId: environment.id, threadId: thread.id };
}

async function execute(cloud: LocalCloud, { key }: FirstOwner, threadId: string): Promise<Run> {
  const program = await readFile(join(example, "summarise.mjs"), "utf8");
  const script = `cat > summarise.mjs <<'PROGRAM'\n${program}PROGRAM\nnode summarise.mjs\n`;
  heading(`A task of ${script.split("\n").length} lines, in a sandbox of its own`);
  const sentAt = performance.now();
  for await (const event of sendMessage({ baseUrl: cloud.baseUrl, threadId, key }, script)) {
    const at = colours.dim(`+${(performance.now() - sentAt).toFixed(0).padStart(5)} ms`);
    if (event.type === "stream.completed") {
      line(`${at} ${event.type} ${event.run.status}, exit code ${event.run.exitCode}`);
      return event.run;
    }
    if (event.type === "stream.error") throw new Error(event.message);
    if (event.type !== "response.item.completed") line(`${at} ${event.type}`);
    else printItem(event.item, at);
  }
  throw new Error("the stream ended before the run");
}

function printItem(
  item: { readonly type: string; readonly content?: string | undefined },
  time: string,
) {
  if (item.type !== "text") return line(`${time} ${item.type}`);
  const said = harmless(item.content ?? "").replace(/\n$/, "");
  for (const text of said.split("\n")) line(`${time} │ ${text}`);
}

async function result(
  cloud: LocalCloud,
  { key }: FirstOwner,
  environmentId: string,
): Promise<void> {
  heading("The result, downloaded from the workspace");
  const Report = z.object({ wettest: z.unknown(), best: z.unknown() });
  const url = `${cloud.baseUrl}/v1/environments/${environmentId}/files/report.json`;
  line(JSON.stringify(await call({ url, key }, Report)));
}

async function bill(cloud: LocalCloud, { key }: FirstOwner, run: Run): Promise<void> {
  heading("The bill");
  const Budget = z.object({ balance: z.number(), held: z.number() });
  const { balance, held } = await call({ url: `${cloud.baseUrl}/v1/budget`, key }, Budget);
  line(`held      ${usd(run.held)}  before it started`);
  line(`used      ${usd(run.cost)}  for ${formatDuration(run.durationMs)} of compute`);
  line(`released  ${usd(run.released)}`);
  line(`balance   ${usd(balance)}, ${usd(held)} still held`);
}
