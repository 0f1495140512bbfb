import { randomUUID } from "node:crypto";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import type { Bench, Figure } from "../figure.ts";
import { newOwner, newThread } from "../owners.ts";
import { percentile } from "../statistics.ts";
import { sendScript } from "../stream-client.ts";

const events = { short: 10, full: 150 };
/** Not a multiple of the batches' 100 ms, so that events fall anywhere between two batches. */
const pauseSeconds = 0.173;
const epochMs = () => performance.timeOrigin + performance.now();

/** Measures from writing a line in the sandbox to its arrival at the client, by one clock. */
export const eventDelivery: Figure = {
  name: "event",
  title: "An event, written in the sandbox → read by the client",
  async run(bench) {
    const count = events[bench.effort];
    const half = Math.ceil(count / 2);
    const { key } = await newOwner(bench);
    const threadId = await newThread(bench, key);
    const delays: number[] = [];
    const bare: number[] = [];
    for (const part of [half, count - half]) {
      bare.push(...(await listenerDelays(bench, part)));
      delays.push(...(await eventDelays(bench, { key, threadId }, part)));
    }
    const baseline = (share: number) => ({
      what: "a listener alone",
      value: percentile(bare, share),
    });
    return [
      {
        what: "p50",
        unit: "ms",
        value: percentile(delays, 0.5),
        baseline: baseline(0.5),
        goal: { of: "value", atMost: 150 },
      },
      {
        what: "p99",
        unit: "ms",
        value: percentile(delays, 0.99),
        baseline: baseline(0.99),
        goal: { of: "value", atMost: 500 },
      },
    ];
  },
};

async function eventDelays(
  bench: Bench,
  target: { readonly key: string; readonly threadId: string },
  count: number,
): Promise<number[]> {
  const script = [
    // A pause without a process, because starting one would be measured too.
    `exec 9<> <(:)`,
    `for n in $(seq ${count}); do`,
    `  read -r -t ${pauseSeconds} -u 9 || true`,
    `  echo "at $EPOCHREALTIME"`,
    "done",
  ].join("\n");
  const { outputs, status } = await sendScript(bench, target, script);
  if (status !== "success") throw new Error(`an execution ended as ${status}`);
  const delays = outputs.flatMap(({ atEpochMs, text }) =>
    [...text.matchAll(/at (\d+\.\d+)/g)].map(([, seconds]) => atEpochMs - Number(seconds) * 1_000),
  );
  if (delays.length !== count) throw new Error(`${delays.length} of ${count} lines came`);
  return delays;
}

/** A commit by one client, heard by another: the time that Firestore itself takes. */
async function listenerDelays({ environment }: Bench, count: number): Promise<number[]> {
  const [writer, reader] = [openFirestore(environment), openFirestore(environment)];
  const path = `bench/${randomUUID()}`;
  const delays: number[] = [];
  let heard: (() => void) | null = null;
  const stop = reader.doc(path).onSnapshot((snapshot) => {
    const at = snapshot.get("at");
    if (typeof at === "number") delays.push(epochMs() - at);
    heard?.();
  });
  const next = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    return promise;
  };
  try {
    await next();
    for (let written = 0; written < count; written += 1) {
      const told = next();
      await writer.doc(path).set({ at: epochMs() });
      await told;
    }
    return delays;
  } finally {
    stop();
    await Promise.all([writer.terminate(), reader.terminate()]);
  }
}
