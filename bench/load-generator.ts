/**
 * A separate program, so that it doesn't share a thread with what it measures. It keeps connections
 * busy with one request at a time on each, and prints the results as JSON. It writes and reads
 * bytes directly, because a full HTTP client would be slower than the functions it measures.
 */
import { connect } from "node:net";
import { percentile } from "./statistics.ts";

const [port = "", connections = "", durationMs = "", heads = "[]"] = process.argv.slice(2);
const requests = JSON.parse(heads).map((head: string) =>
  Buffer.from(`${head}\r\nhost: 127.0.0.1:${port}\r\n\r\n`),
);
const stopAt = performance.now() + Number(durationMs);
const latenciesMs: number[] = [];
const statuses: Record<string, number> = {};

/** The length of the whole answer at the start of `text`; null while it isn't known. */
function lengthOf(text: string): number | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const length = /^content-length: *(\d+)\r?$/im.exec(text.slice(0, headEnd + 2))?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${text.slice(0, 200)}`);
  return headEnd + 4 + Number(length);
}

function keepBusy(connection: number): Promise<void> {
  const request = requests[connection % requests.length];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1").setNoDelay(true);
    let sentAt = 0;
    let text = "";
    const send = () => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on("connect", send);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server hung up")));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const length = lengthOf(text);
      if (length === null || text.length < length) return;
      const now = performance.now();
      const status = text.slice(9, 12);
      latenciesMs.push(now - sentAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
      text = text.slice(length);
      if (now < stopAt) return send();
      socket.removeAllListeners("close").destroy();
      resolve();
    });
  });
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, (_, index) => keepBusy(index)));
const seconds = (performance.now() - startedAt) / 1_000;
const [p50Ms, p99Ms] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99)];
const perSecond = latenciesMs.length / seconds;
console.log(JSON.stringify({ perSecond, p50Ms, p99Ms, statuses }));
