import * as z from "zod";

const Run = z.object({
  id: z.string(),
  status: z.string(),
  exitCode: z.number().nullable(),
  held: z.number(),
  cost: z.number(),
  released: z.number(),
  durationMs: z.number(),
});
export type Run = z.infer<typeof Run>;

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("response.started") }),
  z.object({
    type: z.literal("response.item.completed"),
    item: z.looseObject({ type: z.string(), content: z.string().optional() }),
  }),
  z.object({ type: z.literal("response.item.started") }),
  z.object({ type: z.literal("response.completed") }),
  z.object({ type: z.literal("stream.error"), message: z.string() }),
  z.object({ type: z.literal("stream.completed"), run: Run }),
]);
export type StreamEvent = z.infer<typeof Event>;

/** Sends a message and yields its events as they arrive. */
export async function* sendMessage(
  target: { readonly baseUrl: string; readonly threadId: string; readonly key: string },
  content: string,
): AsyncGenerator<StreamEvent> {
  const answer = await fetch(`${target.baseUrl}/v1/threads/${target.threadId}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
  if (!answer.ok || !answer.body) throw new Error(`${answer.status} ${await answer.text()}`);
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield Event.parse(JSON.parse(data.slice("data: ".length)));
    }
  }
}
