import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Bench, Figure } from "../figure.ts";
import { newOwner, newThread } from "../owners.ts";
import { sendScript } from "../stream-client.ts";

const executions = { short: 8, full: 200 };
const atOnce = 8;
const commandMs = 1_000;
const command = "sleep 1";

/** As many commands as people send in a busy minute; each thread waits for its own. */
export const manyExecutions: Figure = {
  name: "many",
  title: `Executions of 1 s, ${atOnce} at once`,
  async run(bench) {
    const count = executions[bench.effort];
    const bareMs = await timeAll(count, bareCommand);
    const ours = await runAll(bench, count);
    const overhead = (totalMs: number) => (totalMs * atOnce) / count - commandMs;
    const what = "the same in bubblewrap without us";
    return [
      {
        what: `all ${count}`,
        unit: "ms",
        value: ours.totalMs,
        baseline: { what, value: bareMs },
      },
      {
        what: "overhead of each, in its place",
        unit: "ms",
        value: overhead(ours.totalMs),
        baseline: { what, value: overhead(bareMs) },
      },
      {
        what: "errors",
        unit: "errors",
        value: ours.errors,
        goal: { of: "value", atMost: 0 },
      },
    ];
  },
};

/** Keeps `atOnce` of them running until `count` are done. */
async function timeAll(count: number, one: (place: number) => Promise<void>): Promise<number> {
  const beganAt = performance.now();
  let begun = 0;
  const places = Array.from({ length: atOnce }, async (_, place) => {
    while (begun < count) {
      begun += 1;
      await one(place);
    }
  });
  await Promise.all(places);
  return performance.now() - beganAt;
}

async function runAll(
  bench: Bench,
  count: number,
): Promise<{ readonly totalMs: number; readonly errors: number }> {
  // Each has its own owner, because what one owner may do at once is a limit and not a speed.
  const threads = await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const { key } = await newOwner(bench);
      return { key, threadId: await newThread(bench, key) };
    }),
  );
  let errors = 0;
  const totalMs = await timeAll(count, async (place) => {
    const thread = threads[place];
    const heard = thread && (await sendScript(bench, thread, command).catch(() => null));
    if (heard?.status !== "success") errors += 1;
  });
  return { totalMs, errors };
}

const bubblewrap = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/"];

async function bareCommand(): Promise<void> {
  const inside = ["--dev", "/dev", "--proc", "/proc", "sh", "-c", command];
  const child = spawn("bwrap", [...bubblewrap, ...inside], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`bubblewrap ended with ${code}`);
}
