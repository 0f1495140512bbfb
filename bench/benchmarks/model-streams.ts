import { type LocalProviders, startProviders } from "../../local/providers/server.ts";
import type { Figure, Row } from "../figure.ts";
import { residentMb } from "../function-child.ts";
import { type BenchGateway, startModelGateway } from "../model-gateway-child.ts";
import { median } from "../statistics.ts";

const rounds = { short: 2, full: 6 };
const parallel = { short: 10, full: 50 };
const open = { short: 20, full: 200 };
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
      return [
        await throughput(gateway, providers, {
          rounds: rounds[bench.effort],
          streams: parallel[bench.effort],
        }),
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

async function throughput(
  gateway: BenchGateway,
  providers: LocalProviders,
  { rounds: count, streams }: { readonly rounds: number; readonly streams: number },
): Promise<Row> {
  providers.play(() => ({ items: [{ kind: "text", text }] }));
  const [ours, direct]: [number[], number[]] = [[], []];
  for (let round = 0; round <= count; round += 1) {
    const through = await eventsPerSecond(throughOf(gateway), streams);
    const without = await eventsPerSecond(directTo(providers), streams);
    // The first round compiles.
    if (round === 0) continue;
    ours.push(through);
    direct.push(without);
  }
  return {
    what: `${streams} streams at once, events of them, as fast as they go`,
    unit: "/s",
    value: median(ours),
    baseline: { what: "direct", value: median(direct) },
    goal: { of: "ratio", atLeast: 0.9 },
  };
}

async function eventsPerSecond(way: Way, streams: number): Promise<number> {
  const beganAt = performance.now();
  const counts = await Promise.all(Array.from({ length: streams }, () => read(way)));
  const events = counts.reduce((sum, each) => sum + each, 0);
  return events / ((performance.now() - beganAt) / 1_000);
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
