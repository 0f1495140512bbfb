import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import * as z from "zod";
import { startHost } from "../../test/kit/sandbox/host.ts";
import type { Bench, Figure, Row } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 1, full: 15 };
const parallel = 4;
const roundMsMax = 60_000;
const Timed = z.object({ provenMs: z.number(), firstByteMs: z.number() });
type Timed = z.infer<typeof Timed>;

/** The runner's own launcher and init, with a supervisor between them that only measures. */
export const sandboxStart: Figure = {
  name: "sandbox",
  title: "Sandbox start, spawn to the first command's first byte, walls proven",
  async run(bench) {
    const program = prepareProgram(bench);
    const alone = await startsOf(bench, program, 1);
    const together = await startsOf(bench, program, parallel);
    return [
      rowOf("alone: p50", alone, 70),
      { what: "alone: walls proven after", unit: "ms", value: median(alone.proven) },
      rowOf(`${parallel} at once: p50`, together, 160),
    ];
  },
};

interface Starts {
  readonly firstByte: number[];
  readonly proven: number[];
  readonly bare: number[];
}

function rowOf(what: string, { firstByte, bare }: Starts, atMost: number): Row {
  const baseline = { what: "bubblewrap running true", value: median(bare) };
  return { what, unit: "ms", value: median(firstByte), baseline, goal: { of: "value", atMost } };
}

function prepareProgram({ distFolder, bareFolder }: Bench): string {
  const folder = join(bareFolder, "runner");
  mkdirSync(folder, { recursive: true });
  cpSync(join(distFolder, "runner"), folder, { recursive: true });
  cpSync(join(bareFolder, "sandbox-timer.cjs"), join(folder, "supervisor.cjs"));
  return join(folder, "launcher.cjs");
}

async function startsOf({ effort }: Bench, program: string, count: number): Promise<Starts> {
  const starts: Starts = { firstByte: [], proven: [], bare: [] };
  const each = <T>(start: () => Promise<T>) => Promise.all(Array.from({ length: count }, start));
  // The first round only fills the page cache.
  for (let round = 0; round <= rounds[effort]; round += 1) {
    const timed = await startTogether(program, count);
    const bare = await each(bareStart);
    if (round === 0) continue;
    starts.firstByte.push(...timed.map(({ firstByteMs }) => firstByteMs));
    starts.proven.push(...timed.map(({ provenMs }) => provenMs));
    starts.bare.push(...bare);
  }
  return starts;
}

/** Starts all of them when the last is ready, so that only their starts overlap. */
async function startTogether(program: string, count: number): Promise<Timed[]> {
  const waiting: ServerResponse[] = [];
  const timed: Timed[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (request.url === "/timed") timed.push(Timed.parse(JSON.parse(text)));
    else waiting.push(response);
    if (request.url === "/timed") response.end();
    else if (waiting.length === count) for (const one of waiting) one.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const listening = server.address();
  if (typeof listening !== "object" || listening === null) throw new Error("no port");
  const address = `127.0.0.1:${listening.port}`;
  try {
    await Promise.all(Array.from({ length: count }, () => runHost(program, address)));
  } finally {
    server.closeAllConnections();
    server.close();
  }
  if (timed.length < count) throw new Error("a sandbox that never told its time");
  return timed;
}

async function runHost(program: string, address: string): Promise<void> {
  const host = await startHost({ mode: "userns", address, program });
  const late = setTimeout(() => host.process.kill("SIGKILL"), roundMsMax);
  try {
    const [code] = await once(host.process, "exit");
    if (code !== 0) throw new Error(`the runner ended with ${code}: ${host.log()}`);
  } finally {
    clearTimeout(late);
    host.clean();
  }
}

const bubblewrap = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/"];

/** The same tool with the same namespaces, building almost nothing. */
async function bareStart(): Promise<number> {
  const beganAt = performance.now();
  const child = spawn("bwrap", [...bubblewrap, "--dev", "/dev", "--proc", "/proc", "true"], {
    stdio: "ignore",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`bubblewrap ended with ${code}`);
  return performance.now() - beganAt;
}
