/** Sends a task to a language model and reads its stream, as a client would. */
import * as z from "zod";
import { Item } from "#shared/protocol/item";

const Run = z.object({
  status: z.string(),
  cost: z.number(),
  durationMs: z.number(),
  tokens: z.object({ input: z.number(), output: z.number() }),
});

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["response.started", "response.item.started", "response.completed"]) }),
  z.object({ type: z.literal("response.item.completed"), item: Item }),
  z.object({ type: z.literal("stream.error"), message: z.string() }),
  z.object({ type: z.literal("stream.completed"), run: Run }),
]);

export interface AgentRun {
  readonly status: string;
  /** Answers of the model. */
  readonly steps: number;
  readonly calls: number;
  /** As the model's provider reported them to the agent; `read` includes what a cache served. */
  readonly tokens: { input: number; output: number; cacheRead: number; cacheWrite: number };
  /** What the account was charged for. */
  readonly charged: { readonly input: number; readonly output: number };
  readonly costUsd: number;
  readonly durationMs: number;
}

interface Where {
  readonly baseUrl: string;
  readonly key: string;
  readonly threadId: string;
}

/** @throws {Error} If the stream ends before the run. */
export async function runAgent(
  { baseUrl, key, threadId }: Where,
  asked: {
    readonly task: string;
    readonly model: string;
    readonly onItem: (item: Item) => void;
  },
): Promise<AgentRun> {
  const answer = await fetch(`${baseUrl}/v1/threads/${threadId}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ content: asked.task, agentConfig: { model: asked.model } }),
  });
  if (!answer.ok || !answer.body) throw new Error(`${answer.status} ${await answer.text()}`);
  const seen = { steps: 0, calls: 0 };
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  for await (const event of eventsOf(answer.body)) {
    if (event.type === "stream.error") console.error(`  ${event.message}`);
    if (event.type === "stream.completed") {
      const { status, cost, durationMs, tokens: charged } = event.run;
      return { ...seen, status, tokens, charged, costUsd: cost, durationMs };
    }
    if (event.type !== "response.item.completed") continue;
    const { item } = event;
    if (item.type === "tool_call") seen.calls += 1;
    if (item.type === "turn_completed") {
      seen.steps += 1;
      for (const name of ["input", "output", "cacheRead", "cacheWrite"] as const) {
        tokens[name] += item.tokens[name];
      }
    }
    asked.onItem(item);
  }
  throw new Error("the stream ended before the run");
}

async function* eventsOf(body: ReadableStream<Uint8Array>) {
  let text = "";
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString("latin1");
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split("\n").find((one) => one.startsWith("data: "));
      if (data === undefined) continue;
      const json = Buffer.from(data.slice("data: ".length), "latin1").toString("utf8");
      yield Event.parse(JSON.parse(json));
    }
  }
}
