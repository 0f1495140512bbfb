/**
 * A separate program, like `load-generator`: callers start executions one after another, each on
 * its own thread, and disconnect at the first byte of the body, which shows that they were
 * admitted. Prints the results as JSON.
 */
import { connect } from "node:net";
import { percentile } from "./statistics.ts";

interface Crowd {
  readonly ports: readonly number[];
  readonly callers: number;
  readonly key: string;
  /** Only used by the baseline, which doesn't look up the key. */
  readonly ownerId: string;
  readonly threadIds: readonly string[];
}

const { ports, callers, key, ownerId, threadIds }: Crowd = JSON.parse(process.argv[2] ?? "");
const body = JSON.stringify({ content: "true" });
const statuses: Record<string, number> = {};
const latenciesMs: number[] = [];
let lastStartAt = 0;
let next = 0;

function requestFor(threadId: string): string {
  return [
    `POST /v1/threads/${threadId}/messages HTTP/1.1`,
    "host: bench",
    `authorization: Bearer ${key}`,
    `x-owner: ${ownerId}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

function start(port: number, threadId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    let text = "";
    socket.once("connect", () => socket.write(requestFor(threadId)));
    socket.once("error", reject);
    socket.once("end", () => reject(new Error(`the server hung up after ${text}`)));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const bodyAt = text.indexOf("\r\n\r\n");
      if (bodyAt < 0 || text.length <= bodyAt + 4) return;
      const status = text.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === "200") {
        lastStartAt = performance.now();
        latenciesMs.push(lastStartAt - sentAt);
      }
      socket.destroy();
      resolve();
    });
  });
}

async function keepStarting(caller: number): Promise<void> {
  const port = ports[caller % ports.length] ?? 0;
  while (next < threadIds.length) {
    const threadId = threadIds[next] ?? "";
    next += 1;
    await start(port, threadId);
  }
}

const beganAt = performance.now();
await Promise.all(Array.from({ length: callers }, (_, caller) => keepStarting(caller)));
const started = latenciesMs.length;
console.log(
  JSON.stringify({
    perSecond: (started * 1_000) / (lastStartAt - beganAt),
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    statuses,
  }),
);
