import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { processSettings, readManifest } from "../../local/functions/manifest.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import type { Bench, Figure } from "../figure.ts";
import { type FunctionChild, residentMb, startFunction } from "../function-child.ts";
import { newOwner, newThread } from "../owners.ts";
import { heldMb, processesOf } from "../processes.ts";

const streams = { short: 20, full: 200 };
/** Long enough for all readers to connect and read. */
const script = 'for n in $(seq 12); do echo "line $n"; sleep 1; done';
const openMsMax = 60_000;

/** A function with many open streams, and the supervisor of the execution that they read. */
export const memory: Figure = {
  name: "memory",
  title: "Memory held",
  async run(bench) {
    const { key } = await newOwner(bench);
    const threadId = await newThread(bench, key);
    const { functions } = readManifest(bench.distFolder);
    const threads = await startFunction({
      bundle: join(bench.distFolder, "functions/threads.cjs"),
      environment: {
        ...withManyStreams(bench.environment),
        ...processSettings(functions.threads),
      },
      first: { path: `/v1/threads/${threadId}`, key, status: 200 },
    });
    try {
      const idleMb = residentMb(threads.pid).now;
      const count = streams[bench.effort];
      const held = await readTogether(threads, { key, threadId, count });
      const what = "idle";
      return [
        {
          what: `threads, ${count} streams open: the most`,
          unit: "MB",
          value: residentMb(threads.pid).most,
          baseline: { what, value: idleMb },
          goal: { of: "value", atMost: 250 },
        },
        {
          what: "supervisor: the most",
          unit: "MB",
          value: held.supervisorMb,
          goal: { of: "value", atMost: 120 },
        },
      ];
    } finally {
      await threads.stop();
    }
  },
};

/** Allows more streams than a key may open, since this measures what each one costs. */
function withManyStreams({ PADDOCK_LIMITS_FILE: _file, ...others }: Bench["environment"]) {
  const fairness = { openPerKeyMax: 10_000, openPerOwnerMax: 10_000 };
  return { ...others, PADDOCK_LIMITS: JSON.stringify({ fairness }) };
}

/** The same message with the same Idempotency-Key returns the same execution's stream each time. */
async function readTogether(
  { url }: FunctionChild,
  options: { readonly key: string; readonly threadId: string; readonly count: number },
): Promise<{ readonly supervisorMb: number }> {
  const readers = await openAll(url, options);
  let supervisorMb = 0;
  const measuring = setInterval(() => {
    supervisorMb = Math.max(
      supervisorMb,
      ...processesOf("/supervisor.cjs").map((pid) => heldMb(pid).most),
    );
  }, 200);
  try {
    if (!(await pollUntil(() => readers.every(({ complete }) => complete), openMsMax))) {
      throw new Error("streams that never ended");
    }
    return { supervisorMb };
  } finally {
    clearInterval(measuring);
    for (const reader of readers) reader.destroy();
  }
}

async function openAll(
  url: string,
  options: { readonly key: string; readonly threadId: string; readonly count: number },
): Promise<IncomingMessage[]> {
  const first = await openStream(url, options);
  const others = Array.from({ length: options.count - 1 }, () => openStream(url, options));
  return [first, ...(await Promise.all(others))];
}

const agent = new Agent({ keepAlive: false });

function openStream(
  url: string,
  { key, threadId }: { readonly key: string; readonly threadId: string },
): Promise<IncomingMessage> {
  const body = JSON.stringify({ content: script });
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "idempotency-key": `bench-${threadId}`,
  };
  return new Promise((resolve, reject) => {
    const path = `/v1/threads/${threadId}/messages`;
    const sent = request(new URL(path, url), { method: "POST", headers, agent });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve(answer);
      else reject(new Error(`a stream was answered ${answer.statusCode}`));
    });
    sent.end(body);
  });
}
