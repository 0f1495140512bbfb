import { join } from "node:path";
import * as z from "zod";
import { call } from "../../scripts/demo/api.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { startFunction } from "../function-child.ts";
import { connections, loadByTurns } from "../load.ts";
import { newOwner } from "../owners.ts";

const Agent = z.object({ agent: z.object({ id: z.string() }) });
const rounds = { short: { rounds: 2, durationMs: 500 }, full: { rounds: 7, durationMs: 2_500 } };

/**
 * An authenticated read of one document, next to a function that does one get without
 * authentication.
 */
export const authenticatedRead: Figure = {
  name: "read",
  title: `GET /v1/agents/{id}, ${connections} connections, direct to the function`,
  async run(bench) {
    const { key, id } = await newOwner(bench);
    const ids = await newAgents(bench, key);
    const paths = ids.map((agentId) => `/v1/agents/${agentId}`);
    const documents = ids.map((agentId) => `/owners/${id}/agents/${agentId}`);
    const ours = await startFunction({
      bundle: join(bench.distFolder, "functions/agents.cjs"),
      environment: bench.environment,
      first: { path: "/v1/agents", key, status: 200 },
    });
    const bare = await startFunction({
      bundle: join(bench.bareFolder, "one-get.cjs"),
      environment: bench.environment,
      first: { path: documents[0] ?? "", status: 200 },
    });
    try {
      return await compare(bench, {
        ours: { ...ours, paths, key },
        bare: { ...bare, paths: documents },
      });
    } finally {
      await Promise.all([ours.stop(), bare.stop()]);
    }
  },
};

/** Each connection reads its own document, because concurrent reads of one would be joined. */
async function newAgents({ baseUrl }: Bench, key: string): Promise<readonly string[]> {
  const body = { name: "measured", model: "shell" };
  const made = Array.from({ length: connections }, async () => {
    return await call({ url: `${baseUrl}/v1/agents`, key }, Agent, body);
  });
  return (await Promise.all(made)).map(({ agent }) => agent.id);
}

interface Loaded {
  readonly port: number;
  readonly pid: number;
  readonly paths: readonly string[];
  readonly key?: string;
}

async function compare(
  { effort }: Bench,
  loads: { readonly ours: Loaded; readonly bare: Loaded },
): Promise<Row[]> {
  const wanted = { ours: { ...loads.ours, status: 200 }, bare: { ...loads.bare, status: 200 } };
  const { ours, bare } = await loadByTurns(wanted, rounds[effort]);
  const what = "bare function, one get";
  return [
    {
      what: "throughput",
      unit: "/s",
      value: ours.perSecond,
      baseline: { what, value: bare.perSecond },
      goal: { of: "ratio", atLeast: 0.85 },
    },
    {
      what: "p50",
      unit: "ms",
      value: ours.p50Ms,
      baseline: { what, value: bare.p50Ms },
      goal: { of: "ratio", atMost: 1.2 },
    },
    { what: "p99", unit: "ms", value: ours.p99Ms, baseline: { what, value: bare.p99Ms } },
    { what: "CPU of each", unit: "ms", value: ours.cpuMs, baseline: { what, value: bare.cpuMs } },
  ];
}
