/**
 * A separate program, so that it doesn't share a thread with what it measures. It sends one
 * tenant's requests, with the given concurrency and duration, and prints the results as JSON.
 * Refusals count as answers, because a flood is meant to be refused.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { percentile } from "./statistics.ts";
import { TenantLoad } from "./tenants.ts";

const load = TenantLoad.parse(JSON.parse(process.argv[2] ?? ""));
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const stopAt = performance.now() + load.durationMs;
const latenciesMs: number[] = [];
const statuses: Record<string, number> = {};
const open: IncomingMessage[] = [];
let sent = 0;

function note(status: number | string): void {
  statuses[status] = (statuses[status] ?? 0) + 1;
}

/** Resolves with the answer's head; reads the body to the end, or leaves it open for a stream. */
function ask(): Promise<void> {
  const path = load.paths[sent % load.paths.length] ?? "/";
  sent += 1;
  const beganAt = performance.now();
  const headers = {
    authorization: `Bearer ${load.key}`,
    ...(load.body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(load.body) }),
  };
  return new Promise((resolve) => {
    const failed = (error: Error) => {
      note(error.name);
      resolve();
    };
    const asked = request(new URL(path, load.baseUrl), { method: load.method, headers, agent });
    asked.once("error", failed);
    asked.once("response", (answer) => {
      note(answer.statusCode ?? 0);
      answer.once("error", failed);
      answer.resume();
      if (load.staysOpen && answer.statusCode === 200) {
        open.push(answer);
        resolve();
      }
      answer.once("end", () => {
        latenciesMs.push(performance.now() - beganAt);
        resolve();
      });
    });
    asked.end(load.body);
  });
}

async function keepAsking(): Promise<void> {
  while (performance.now() < stopAt) {
    await ask();
    if (load.gapMs > 0) await wait(load.gapMs);
  }
}

if (load.staysOpen) {
  await Promise.all(Array.from({ length: load.connections }, ask));
  await wait(Math.max(0, stopAt - performance.now()));
  for (const answer of open) answer.destroy();
} else {
  await Promise.all(Array.from({ length: load.connections }, keepAsking));
}
const [p50Ms, p99Ms] = [0.5, 0.99].map((share) =>
  latenciesMs.length === 0 ? 0 : percentile(latenciesMs, share),
);
console.log(JSON.stringify({ p50Ms, p99Ms, statuses }));
process.exit(0);
