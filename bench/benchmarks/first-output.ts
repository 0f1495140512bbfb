import type { Figure } from "../figure.ts";
import { newOwner, newThread } from "../owners.ts";
import { percentile } from "../statistics.ts";
import { sendScript } from "../stream-client.ts";

const rounds = { short: 2, full: 20 };

/** A message through the edge, to a runner that is started for it. */
export const firstOutput: Figure = {
  name: "start",
  title: "POST …/messages through the edge, cold runner",
  async run(bench) {
    const { key } = await newOwner(bench);
    const threadId = await newThread(bench, key);
    const firstBytes: number[] = [];
    const firstOutputs: number[] = [];
    const totals: number[] = [];
    // The first round loads clients and fills caches, which a process does once.
    for (let round = 0; round <= rounds[bench.effort]; round += 1) {
      const heard = await sendScript(bench, { key, threadId }, "echo first");
      if (heard.status !== "success") throw new Error(`an execution ended as ${heard.status}`);
      if (round === 0) continue;
      firstBytes.push(heard.firstByteMs);
      firstOutputs.push(heard.firstOutputMs);
      totals.push(heard.totalMs);
    }
    return [
      {
        what: "first stream byte: p50",
        unit: "ms",
        value: percentile(firstBytes, 0.5),
        goal: { of: "value", atMost: 150 },
      },
      {
        what: "first output: p50",
        unit: "ms",
        value: percentile(firstOutputs, 0.5),
        goal: { of: "value", atMost: 900 },
      },
      { what: "first output: p90", unit: "ms", value: percentile(firstOutputs, 0.9) },
      { what: "settled and closed: p50", unit: "ms", value: percentile(totals, 0.5) },
    ];
  },
};
