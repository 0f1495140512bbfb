/** `npm start`: the local cloud, kept running, its data in `.paddock/` from one run to the next. */
import { join } from "node:path";
import colours from "picocolors";
import * as z from "zod";
import { deploymentLimitsOf } from "#shared/config";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { readJsonFile, writeFileAtomically } from "../local/lib/atomic-file.ts";
import { buildAll } from "./build/build-all.ts";
import { type FirstOwner, makeFirstOwner } from "./demo/api.ts";
import { formatDuration } from "./tools/format.ts";
import { readJsonObject } from "./tools/json-file.ts";
import { localModels } from "./tools/local-models.ts";
import "./tools/plain-errors.ts";
import { readOptions, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";

const creditUsd = 5;
const usualPort = 8080;
const portMax = 65_535;
const Kept = z.object({ id: z.string(), key: z.string() });

const usage = `
npm start -- [options]: the whole cloud on this machine, until Ctrl-C; its data stay in .paddock.

  --port ${usualPort}      where the API listens
  --fresh          forget what is stored, and begin again
  --limits FILE    limits that differ from the defaults: docs/limits.md
  --models FILE    models on offer, if not those of the keys in the environment: docs/models.md`;
const values = readOptions(usage, {
  fresh: { type: "boolean", default: false },
  port: { type: "string", default: String(usualPort) },
  limits: { type: "string" },
  models: { type: "string" },
});
if (!/^[0-9]{1,5}$/.test(values.port) || Number(values.port) > portMax) {
  refuse(`--port is a whole number up to ${portMax}; 0 takes any that is free.`);
}
await buildAll(repositoryRoot);
const { PADDOCK_EDGE_BIND: bind } = process.env;
const dataFolder = join(repositoryRoot, ".paddock");
const limits = values.limits === undefined ? {} : await readJsonObject("--limits", values.limits);
const cloud = await startLocalCloud({
  dataFolder,
  fresh: values.fresh,
  port: Number(values.port),
  limits,
  ...(await localModels(process.env, values.models)),
  // A container publishes its port, so loopback isn't enough there.
  ...(bind === undefined ? {} : { bind }),
  onProgress: ({ name, ms }) =>
    console.log(`  ${name.padEnd(18)} ${colours.dim(formatDuration(ms))}`),
});
printHowTo(cloud, await firstOwner(cloud));

/** The owner of earlier runs, or a new one; its key is stored in a file that only you can read. */
async function firstOwner(cloud: LocalCloud): Promise<FirstOwner> {
  const file = join(dataFolder, "first-owner.json");
  const kept = await readJsonFile(file, Kept);
  if (kept !== undefined) return kept;
  const owner = await makeFirstOwner(cloud, creditUsd);
  // A part of it would be all that is left of the key.
  await writeFileAtomically(file, `${JSON.stringify(owner)}\n`);
  return owner;
}

/** The limits of this cloud, one line each; docs/limits.md says where they are counted. */
function limitLines(): string {
  const { addresses, requests, executions, concurrentMax, wallClockMs } =
    deploymentLimitsOf(limits);
  const minutes = (ms: number) => (ms === 60_000 ? "minute" : `${ms / 60_000} minutes`);
  const per = ({ max, windowMs }: { max: number; windowMs: number }, what: string) =>
    `${max} ${what} per ${minutes(windowMs)}`;
  const lines = [
    `${per(addresses, "requests")} and address`,
    `${per(requests.perKey, "requests")} and key, ${requests.perOwner.max} and account`,
    `${per(requests.writes, "writes")} and key, ${requests.secrets.max} on secrets`,
    `${per(executions, "executions")} and key`,
    `${concurrentMax} executions at once, each at most ${minutes(wallClockMs)}`,
  ];
  return lines.join(`\n${" ".repeat(13)}`);
}

function printHowTo({ baseUrl, startedInMs }: LocalCloud, { key }: FirstOwner): void {
  console.log(`
${colours.bold(colours.green("Paddock is ready"))} ${colours.dim(`in ${formatDuration(startedInMs)}`)}

  Base URL   ${baseUrl}
  API key    ${key}
  Reference  ${baseUrl}/docs
  Limits     ${limitLines()}

${colours.bold("Try it")}

curl -s ${baseUrl}/v1/budget -H "Authorization: Bearer ${key}"

THREAD=$(curl -s -X POST ${baseUrl}/v1/threads -H "Authorization: Bearer ${key}" | grep -o 'thread_[A-Za-z0-9_-]*' | head -1)

curl -sN ${baseUrl}/v1/threads/$THREAD/messages -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '{"content": "echo Hello from $(uname -s), as $(id -un); ls -la"}'

${colours.dim("Data in .paddock/, logs in .paddock/logs/; npm start -- --fresh forgets it. Ctrl-C stops everything.")}`);
}
