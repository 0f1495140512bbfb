import { join } from "node:path";
import { startEdge } from "../../local/edge/server.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { startFunction } from "../function-child.ts";
import { connections, loadByTurns } from "../load.ts";

/** It has a key's form, but no pepper has signed it. */
const forged = `tb_dev_${"0".repeat(64)}`;
const path = "/v1/agents";
const rounds = { short: { rounds: 2, durationMs: 300 }, full: { rounds: 7, durationMs: 2_000 } };
/** High enough that no round is refused for its address. */
const edgeRequestsMax = 100_000_000;
const what = "hello world";

/** A key that was never issued, next to a function that says hello and checks nothing. */
export const forgedKey: Figure = {
  name: "forged",
  title: `A forged key is refused, ${connections} connections`,
  async run(bench) {
    const ours = await startFunction({
      bundle: join(bench.distFolder, "functions/agents.cjs"),
      environment: bench.environment,
      first: { path, key: forged, status: 401 },
    });
    const hello = await startFunction({
      bundle: join(bench.bareFolder, "hello.cjs"),
      environment: bench.environment,
      first: { path: "/", status: 200 },
    });
    try {
      const ports = { ours, hello };
      const direct = await compare(bench, ports, { what: "direct", atLeast: 0.75 });
      const edged = await throughEdges(bench, ports);
      return [...direct, ...edged, await reads(bench)];
    } finally {
      await Promise.all([ours.stop(), hello.stop()]);
    }
  },
};

interface Ports {
  readonly ours: At;
  readonly hello: At;
}

interface At {
  readonly port: number;
  readonly pid: number;
}

async function compare(
  { effort }: Bench,
  ports: Ports,
  held: { readonly what: string; readonly atLeast: number },
): Promise<Row[]> {
  const { ours, bare } = await loadByTurns(
    {
      ours: { ...ports.ours, paths: [path], key: forged, status: 401 },
      bare: { ...ports.hello, paths: ["/"], status: 200 },
    },
    rounds[effort],
  );
  return [
    {
      what: `${held.what}: throughput`,
      unit: "/s",
      value: ours.perSecond,
      baseline: { what, value: bare.perSecond },
      goal: { of: "ratio", atLeast: held.atLeast },
    },
    {
      what: `${held.what}: p50`,
      unit: "ms",
      value: ours.p50Ms,
      baseline: { what, value: bare.p50Ms },
    },
    {
      what: `${held.what}: CPU of each`,
      unit: "ms",
      value: ours.cpuMs,
      baseline: { what, value: bare.cpuMs },
    },
  ];
}

/** Two equal edges, one before each, because the cost of the edge isn't what is compared. */
async function throughEdges(bench: Bench, ports: Ports): Promise<Row[]> {
  const before = ({ port }: At) =>
    startEdge({
      routes: () => ({ kind: "function", name: "measured" }),
      portOf: () => port,
      limits: { requestsMax: edgeRequestsMax },
    });
  const [ours, hello] = await Promise.all([before(ports.ours), before(ports.hello)]);
  try {
    const edges = {
      ours: { port: ours.port, pid: ports.ours.pid },
      hello: { port: hello.port, pid: ports.hello.pid },
    };
    return await compare(bench, edges, { what: "through the edge", atLeast: 0.65 });
  } finally {
    await Promise.all([ours.close(), hello.close()]);
  }
}

/** Sends through the cloud's own edge and function, where reads are counted. */
async function reads(bench: Bench): Promise<Row> {
  const before = await bench.readsOf("agents");
  const headers = { authorization: `Bearer ${forged}` };
  const answer = await fetch(`${bench.baseUrl}${path}`, { headers });
  if (answer.status !== 401) throw new Error(`a forged key was answered ${answer.status}`);
  const value = (await bench.readsOf("agents")) - before;
  return { what: "Firestore reads", unit: "reads", value, goal: { of: "value", atMost: 0 } };
}
