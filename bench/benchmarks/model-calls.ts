import type { ScriptedTurn } from "../../local/providers/turn.ts";
import { runLoop } from "../../test/kit/agent-loop.ts";
import { startHarness } from "../../test/kit/model-harness.ts";
import type { Figure, Row } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 10, full: 100 };
const balanceMicrousd = 1_000_000_000;
const text = "A sentence of an answer, as models write them. ".repeat(20);
const body = JSON.stringify({
  ...{ model: "claude-haiku-4-5", max_tokens: 1_000, stream: true },
  messages: [{ role: "user", content: "Say something." }],
});

/** Gateway, provider and client share a process, and the database is in memory. */
export const modelCalls: Figure = {
  name: "model-calls",
  title: "Calls of models: what the gateway and the agent's loop add",
  run: async ({ effort }) => [await firstToken(rounds[effort]), ...(await loop(rounds[effort]))],
};

async function firstToken(count: number): Promise<Row> {
  const harness = await startHarness({ balanceMicrousd });
  harness.providers.play(() => ({ items: [{ kind: "text", text }] }));
  const [ours, direct]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round <= count; round += 1) {
      const through = await firstTokenMs(harness.urls[0] ?? "");
      const without = await firstTokenMs(harness.providers.url);
      // The first round compiles.
      if (round === 0) continue;
      ours.push(through);
      direct.push(without);
    }
  } finally {
    await harness.stop();
  }
  const value = median(ours) - median(direct);
  return {
    what: "until the first token, more than direct",
    unit: "ms",
    value,
    goal: { of: "value", atMost: 15 },
  };
}

async function firstTokenMs(baseUrl: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(`${baseUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": "local-provider-key",
      "anthropic-version": "2023-06-01",
    },
    body,
  });
  if (!answer.ok || answer.body === null) throw new Error(`${answer.status}`);
  let firstMs: number | null = null;
  for await (const piece of answer.body) {
    if (firstMs !== null || !Buffer.from(piece).includes("content_block_delta")) continue;
    firstMs = performance.now() - began;
  }
  if (firstMs === null) throw new Error("no token came");
  return firstMs;
}

async function loop(count: number): Promise<Row[]> {
  const [starts, requests]: [number[], number[]] = [[], []];
  let answeredAt = 0;
  let endedAt = 0;
  const beforeEvent = () => {
    answeredAt = performance.now();
  };
  await runLoop({
    script: ({ number }): ScriptedTurn => {
      if (endedAt > 0) requests.push(performance.now() - endedAt);
      if (number >= count) return { items: [{ kind: "text", text: "Done." }] };
      const input = { command: `echo ${number}` };
      return { items: [{ kind: "tool-call", name: "bash", input }], beforeEvent };
    },
    shell: (command) => {
      starts.push(performance.now() - answeredAt);
      endedAt = performance.now();
      return { output: `${command}\n`, status: 0 };
    },
  });
  const row = (what: string, values: readonly number[], atMost: number): Row => {
    return { what, unit: "ms", value: median(values), goal: { of: "value", atMost } };
  };
  return [
    row("model's answer → tool started, p50", starts, 20),
    row("tool ended → next request at the provider, p50", requests, 30),
  ];
}
