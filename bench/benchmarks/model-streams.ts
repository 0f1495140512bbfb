import { setTimeout as wait } from "node:timers/promises";
import { type LocalProviders, startProviders } from "../../local/providers/server.ts";
import type { Figure, Row } from "../figure.ts";
import { cpuMsOf, residentMb } from "../function-child.ts";
import { type BenchGateway, startModelGateway } from "../model-gateway-child.ts";
import { median } from "../statistics.ts";

const rounds = { short: 2, full: 6 };
const parallel = { short: 10, full: 50 };
const open = { short: 20, full: 200 };
/**
 * Between two events of a stream: 100 in a second. Public measurements of providers' models give
 * 45 to 250 tokens per second, and an event holds one token or a few.
 */
const paceMs = 10;
const text = "A sentence of an answer, as models write them. ".repeat(100);
const body = JSON.stringify({
  ...{ model: "claude-haiku-4-5", max_tokens: 8_000, stream: true },
  messages: [{ role: "user", content: "Say something." }],
});

/** The gateway has a process and the database; provider and clients share the bench's. */
export const modelStreams: Figure = {
  name: "model-streams",
  title: "Streams of models through the gateway",
  async run(bench) {
    const providers = await startProviders({ script: [] });
    const gateway = await startModelGateway(bench, providers.url);
    try {
      const idleMb = residentMb(gateway.pid).now;
      const load = { rounds: rounds[bench.effort], streams: parallel[bench.effort] };
      return [
        await paced(gateway, providers, load),
        ...(await unpaced(gateway, providers, load)),
        await memory(gateway, providers, { idleMb, streams: open[bench.effort] }),
      ];
    } finally {
      await gateway.stop();
      await providers.close();
    }
  },
};

type Way = readonly [url: string, headers: Readonly<Record<string, string>>];
const throughOf = ({ url, token }: BenchGateway): Way => [
  `${url}/internal/models/anthropic/v1/messages`,
  { authorization: `Bearer ${token}` },
];
const directTo = ({ url }: LocalProviders): Way => [
  `${url}/v1/messages`,
  { "x-api-key": "local-provider-key" },
];

interface Load {
  readonly rounds: number;
  readonly streams: number;
}

/**
 * Streams at the pace of a model. Both ways take as long as the provider does, unless what is in
 * between can't keep up.
 */
async function paced(
  gateway: BenchGateway,
  providers: LocalProviders,
  { rounds: count, streams }: Load,
): Promise<Row> {
  providers.play(() => {
    const beganAt = performance.now();
    return {
      items: [{ kind: "text", text }],
      // By the clock, so that a late event doesn't delay those that follow.
      beforeEvent: async (index) => {
        const earlyMs = beganAt + index * paceMs - performance.now();
        if (earlyMs > 0) await wait(earlyMs);
      },
    };
  });
  const measured = await byTurns(count, {
    ours: () => eventsPerSecond(throughOf(gateway), streams),
    bare: () => eventsPerSecond(directTo(providers), streams),
  });
  return {
    what: `${streams} streams, ${1_000 / paceMs} events a second of each`,
    unit: "/s",
    value: measured.ours,
    baseline: { what: "direct", value: measured.bare },
    goal: { of: "ratio", atLeast: 0.9 },
  };
}

/** As fast as they go, which shows only how much CPU an event takes on its way. */
async function unpaced(
  gateway: BenchGateway,
  providers: LocalProviders,
  { rounds: count, streams }: Load,
): Promise<Row[]> {
  providers.play(() => ({ items: [{ kind: "text", text }] }));
  const cpuUs: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  const measured = await byTurns(count, {
    ours: async () => {
      const before = cpuMsOf(gateway.pid);
      const { events, perSecond } = await readAll(throughOf(gateway), streams);
      cpuUs.ours.push(((cpuMsOf(gateway.pid) - before) * 1_000) / events);
      return perSecond;
    },
    bare: async () => {
      const before = process.cpuUsage();
      const { events, perSecond } = await readAll(directTo(providers), streams);
      const { user, system } = process.cpuUsage(before);
      cpuUs.bare.push((user + system) / events);
      return perSecond;
    },
  });
  return [
    {
      what: `${streams} streams, as fast as they go`,
      unit: "/s",
      value: measured.ours,
      baseline: { what: "direct", value: measured.bare },
    },
    {
      what: "… CPU of an event in the gateway",
      unit: "µs",
      value: median(cpuUs.ours),
      baseline: { what: "in provider and client, direct", value: median(cpuUs.bare) },
    },
  ];
}

/** Alternates; the first round compiles and isn't counted. */
async function byTurns(
  rounds: number,
  { ours, bare }: { readonly ours: () => Promise<number>; readonly bare: () => Promise<number> },
): Promise<{ readonly ours: number; readonly bare: number }> {
  const figures: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  await ours();
  await bare();
  for (let round = 0; round < rounds; round += 1) {
    figures.ours.push(await ours());
    figures.bare.push(await bare());
  }
  return { ours: median(figures.ours), bare: median(figures.bare) };
}

async function eventsPerSecond(way: Way, streams: number): Promise<number> {
  return (await readAll(way, streams)).perSecond;
}

async function readAll(way: Way, streams: number) {
  const beganAt = performance.now();
  const counts = await Promise.all(Array.from({ length: streams }, () => read(way)));
  const events = counts.reduce((sum, each) => sum + each, 0);
  return { events, perSecond: events / ((performance.now() - beganAt) / 1_000) };
}

async function memory(
  gateway: BenchGateway,
  providers: LocalProviders,
  { idleMb, streams }: { readonly idleMb: number; readonly streams: number },
): Promise<Row> {
  const all = Promise.withResolvers<void>();
  let begun = 0;
  providers.play(() => ({
    items: [{ kind: "text", text }],
    // All are in the middle of their text before any goes on.
    beforeEvent: async (index) => {
      if (index !== 100) return;
      begun += 1;
      if (begun === streams) all.resolve();
      await all.promise;
    },
  }));
  await eventsPerSecond(throughOf(gateway), streams);
  return {
    what: `gateway, ${streams} streams open: the most`,
    unit: "MB",
    value: residentMb(gateway.pid).most,
    baseline: { what: "idle", value: idleMb },
    goal: { of: "value", atMost: 250 },
  };
}

/** A name, its data and a blank line. */
const linesOfEvent = 3;
const newline = 0x0a;

/** Reads a whole stream and counts its events. */
async function read([url, headers]: Way): Promise<number> {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      ...headers,
    },
    body,
  });
  if (!answer.ok || answer.body === null) {
    throw new Error(`${answer.status} ${(await answer.text()).slice(0, 300)}`);
  }
  let lines = 0;
  for await (const piece of answer.body) {
    for (const byte of piece) if (byte === newline) lines += 1;
  }
  return lines / linesOfEvent;
}
