import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { call } from "../../scripts/demo/api.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { type BenchOwner, newOwner, newThread } from "../owners.ts";
import { sendScript } from "../stream-client.ts";
import { playTenant, type TenantLoad } from "../tenants.ts";

const Agent = z.object({ agent: z.object({ id: z.string() }) });
const Environment = z.object({ environment: z.object({ id: z.string() }) });

/** How long a neighbour is watched; the flood begins before that and ends after it. */
const watchedMs = { short: 1_000, full: 8_000 };
const leadMs = { short: 300, full: 1_500 };
const ratioMax = 3;
const p99MsMax = 1_000;
/** A typical neighbour: one request at a time, and a pause. */
const neighbourGapMs = 10;
const agentsListed = 100;
const longTextChars = 8_000;
const folderDepth = 40;

interface Flood {
  readonly name: string;
  /** What the neighbour asks for meanwhile from the flooded function. */
  readonly neighbour: "agent" | "files" | "execution" | "thread";
  /** What the flood sends, once it is prepared. */
  readonly load: (bench: Bench, flooder: BenchOwner) => Promise<Omit<TenantLoad, "durationMs">>;
}

/** One tenant against another: how the second is affected by the first one's worst. */
export const neighbours: Figure = {
  name: "neighbours",
  title: "One tenant against another, through the edge: the neighbour's times",
  async run(bench) {
    const [flooder, neighbour] = [await newOwner(bench), await newOwner(bench)];
    const paths = await neighbourPaths(bench, neighbour);
    const rows: Row[] = [];
    for (const flood of bench.effort === "short" ? floods.slice(0, 1) : floods) {
      const watch = {
        ...{ baseUrl: bench.baseUrl, key: neighbour.key, paths: [paths[flood.neighbour]] },
        ...{ connections: 1, gapMs: neighbourGapMs, durationMs: watchedMs[bench.effort] },
      };
      const load = await flood.load(bench, flooder);
      await playTenant(watch);
      const quiet = await playTenant(watch);
      const durationMs = watch.durationMs + 2 * leadMs[bench.effort];
      const flooding = playTenant({ ...load, durationMs });
      await wait(leadMs[bench.effort]);
      const felt = await playTenant(watch);
      await flooding;
      rows.push(...rowsOf(flood.name, quiet, felt));
    }
    if (bench.effort === "full") rows.push(...(await underRuns(bench, flooder, neighbour)));
    return rows;
  },
};

function rowsOf(
  name: string,
  quiet: { readonly p50Ms: number; readonly p99Ms: number },
  felt: { readonly p50Ms: number; readonly p99Ms: number },
): Row[] {
  const baseline = (value: number) => ({ what: "quiet", value });
  return [
    {
      what: `p50 under ${name}`,
      unit: "ms",
      value: felt.p50Ms,
      baseline: baseline(quiet.p50Ms),
      goal: { of: "ratio", atMost: ratioMax },
    },
    {
      what: `p99 under ${name}`,
      unit: "ms",
      value: felt.p99Ms,
      baseline: baseline(quiet.p99Ms),
      goal: { of: "value", atMost: p99MsMax },
    },
  ];
}

const floods: readonly Flood[] = [
  {
    name: "cheap reads, 64 at once",
    neighbour: "agent",
    async load({ baseUrl }, { key }) {
      const agentId = await newAgent({ baseUrl }, key, "");
      return { baseUrl, key, paths: [`/v1/agents/${agentId}`], connections: 64 };
    },
  },
  {
    name: "large lists, 32 at once",
    neighbour: "agent",
    async load({ baseUrl }, { key }) {
      for (let count = 0; count < agentsListed; count += 1) {
        await newAgent({ baseUrl }, key, "long ".repeat(longTextChars / 5));
      }
      return { baseUrl, key, paths: [`/v1/agents?limit=${agentsListed}`], connections: 32 };
    },
  },
  {
    name: "large writes, 32 at once",
    neighbour: "agent",
    async load({ baseUrl }, { key }) {
      const body = JSON.stringify(agentBody("long ".repeat(longTextChars / 5)));
      return { baseUrl, key, method: "POST", paths: ["/v1/agents"], body, connections: 32 };
    },
  },
  {
    name: "deep file lists, 16 at once",
    neighbour: "files",
    async load({ baseUrl }, { key }) {
      const environmentId = await newWorkspace({ baseUrl }, key, folderDepth);
      const path = `/v1/environments/${environmentId}/files?limit=1`;
      return { baseUrl, key, paths: [path], connections: 16 };
    },
  },
  {
    name: "800 streams asked for",
    neighbour: "execution",
    async load(bench, { key }) {
      const executionId = await newRun(
        bench,
        key,
        "for n in $(seq 240); do echo $n; sleep 0.1; done",
      );
      const { baseUrl } = bench;
      const paths = [`/v1/executions/${executionId}/events`];
      return { baseUrl, key, paths, connections: 800, staysOpen: true };
    },
  },
];

/** Creates what a neighbour has: one of each, small. */
async function neighbourPaths(bench: Bench, { key }: BenchOwner) {
  const agentId = await newAgent(bench, key, "");
  const environmentId = await newWorkspace(bench, key, 1);
  const threadId = await newThread(bench, key);
  const executionId = await newRun(bench, key, "true");
  return {
    agent: `/v1/agents/${agentId}`,
    files: `/v1/environments/${environmentId}/files`,
    execution: `/v1/executions/${executionId}`,
    thread: `/v1/threads/${threadId}`,
  };
}

const busyRuns = 16;
const busyScript = "for n in $(seq 2000); do echo $n; sleep 0.01; done";

/** Sixteen executions that print all the time, each with a reader. */
async function underRuns(bench: Bench, { key }: BenchOwner, neighbour: BenchOwner): Promise<Row[]> {
  const { baseUrl } = bench;
  const threadId = await newThread(bench, neighbour.key);
  const watch = {
    ...{ baseUrl, key: neighbour.key, paths: [`/v1/threads/${threadId}`] },
    ...{ connections: 1, gapMs: neighbourGapMs, durationMs: watchedMs.full },
  };
  const quiet = await playTenant(watch);
  const threads = await Promise.all(
    Array.from({ length: busyRuns }, async () => await newThread(bench, key)),
  );
  const runs = threads.map(
    async (id) => await sendScript(bench, { key, threadId: id }, busyScript).catch(() => null),
  );
  await wait(4 * leadMs.full);
  const felt = await playTenant(watch);
  await Promise.all(runs);
  return rowsOf(`${busyRuns} runs that print`, quiet, felt);
}

const agentBody = (instructions: string) => ({ name: "bench", model: "shell", instructions });

async function newAgent({ baseUrl }: Pick<Bench, "baseUrl">, key: string, instructions: string) {
  const url = `${baseUrl}/v1/agents`;
  const { agent } = await call({ url, key }, Agent, agentBody(instructions));
  return agent.id;
}

/** An environment whose workspace has a file at the end of a path that deep. */
async function newWorkspace({ baseUrl }: Pick<Bench, "baseUrl">, key: string, depth: number) {
  const url = `${baseUrl}/v1/environments`;
  const made = await call({ url, key }, Environment, { name: "bench", computeProfile: "lite" });
  const { id } = made.environment;
  const folder = Array.from({ length: depth }, (_, level) => `folder-${level}`).join("/");
  for (let count = 0; count < 10; count += 1) {
    const form = new FormData();
    form.append("path", `${folder}/file-${count}.txt`);
    form.append("file", new Blob(["small"]), `file-${count}.txt`);
    await call({ url: `${url}/${id}/files/upload`, key }, z.unknown(), form);
  }
  return id;
}

/** A running execution that the caller doesn't wait for; its first event has its id. */
async function newRun(bench: Bench, key: string, content: string): Promise<string> {
  const threadId = await newThread(bench, key);
  const answer = await fetch(`${bench.baseUrl}/v1/threads/${threadId}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const [id] = /run_[A-Za-z0-9_-]{21}/.exec(text) ?? [];
    if (id !== undefined) return id;
  }
  throw new Error(`no execution: ${answer.status} ${text}`);
}
