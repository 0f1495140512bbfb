/** `npm start`: the local cloud, kept running, its data in `.paddock/` from one run to the next. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import colours from "picocolors";
import * as z from "zod";
import { deploymentLimitsOf } from "#shared/config";
import { type LocalCloud, startLocalCloud } from "../local/cloud.ts";
import { edgeLimits } from "../local/edge/server.ts";
import { buildAll } from "./build/build-all.ts";
import { type FirstOwner, makeFirstOwner } from "./demo/api.ts";
import { formatDuration } from "./tools/format.ts";
import { repositoryRoot } from "./tools/repository.ts";

const creditUsd = 5;
const usualPort = 8080;
const Kept = z.object({ id: z.string(), key: z.string() });

const { values } = parseArgs({
  options: {
    fresh: { type: "boolean", default: false },
    port: { type: "string", default: String(usualPort) },
  },
});
await buildAll(repositoryRoot);
const { PADDOCK_EDGE_BIND: bind } = process.env;
const dataFolder = join(repositoryRoot, ".paddock");
const cloud = await startLocalCloud({
  dataFolder,
  fresh: values.fresh,
  port: Number(values.port),
  // In a container the port is published, so that loopback alone isn't enough.
  ...(bind === undefined ? {} : { bind }),
  onProgress: ({ name, ms }) =>
    console.log(`  ${name.padEnd(16)} ${colours.dim(formatDuration(ms))}`),
});
printHowTo(cloud, await firstOwner(cloud));

/** The owner of earlier runs, or a new one: its key is kept here, readable by you alone. */
async function firstOwner(on: LocalCloud): Promise<FirstOwner> {
  const file = join(dataFolder, "first-owner.json");
  const kept = await readFile(file, "utf8").catch(() => null);
  if (kept !== null) return Kept.parse(JSON.parse(kept));
  const owner = await makeFirstOwner(on, creditUsd);
  await writeFile(file, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  return owner;
}

function printHowTo({ baseUrl, startedInMs }: LocalCloud, { key }: FirstOwner): void {
  const { executions, concurrentMax, wallClockMs } = deploymentLimitsOf({});
  const minutes = (ms: number) => `${ms / 60_000} minutes`;
  console.log(`
${colours.bold(colours.green("Paddock is ready"))} ${colours.dim(`in ${formatDuration(startedInMs)}`)}

  Base URL   ${baseUrl}
  API key    ${key}
  Limits     ${edgeLimits.requestsMax} requests per ${minutes(edgeLimits.windowMs)} and address
             ${executions.max} executions per ${minutes(executions.windowMs)} and key
             ${concurrentMax} executions at once, each at most ${minutes(wallClockMs)}

${colours.bold("Try it")}

curl -s ${baseUrl}/v1/budget -H "Authorization: Bearer ${key}"

THREAD=$(curl -s -X POST ${baseUrl}/v1/threads -H "Authorization: Bearer ${key}" | grep -o 'thread_[A-Za-z0-9_-]*' | head -1)

curl -sN ${baseUrl}/v1/threads/$THREAD/messages -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '{"content": "echo Hello from $(uname -s), as $(id -un); ls -la"}'

${colours.dim("Data in .paddock/, logs in .paddock/logs/; npm start -- --fresh forgets it. Ctrl-C stops everything.")}`);
}
