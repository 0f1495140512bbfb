/** What providers answer where a run must go on. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { type LoopOptions, runLoop } from "../../../test/kit/agent-loop.ts";

type Answer = (asked: string) => readonly object[] | string;

/** Runs the loop with a provider that streams these events, or refuses with a sentence. */
async function runWith(answers: readonly Answer[], options: Partial<LoopOptions>) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(await textOf(request));
    const answer = answers[asked.length - 1]?.(asked.at(-1) ?? "") ?? "Nobody asked for this.";
    if (typeof answer === "string") {
      response.writeHead(400, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ error: { message: answer } }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(answer.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const run = await runLoop({ ...options, script: [], settings: { url } });
  return { ...run, asked };
}

const gemini = (parts: readonly object[], finishReason: string): Answer => {
  return () => [{ candidates: [{ content: { parts }, finishReason }] }];
};

test.each(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])(
  "MOD-5 a call that the provider couldn't read isn't the end of the task: %s",
  async (reason) => {
    const { end, asked, answer } = await runWith(
      [gemini([{ text: "I write it now." }], reason), gemini([{ text: "Done." }], "STOP")],
      { wire: "gemini" },
    );
    expect([end, answer]).toEqual([{ exitCode: 0 }, "Done."]);
    expect(asked[1]).toContain("Your call couldn't be read");
    const never = Array(5).fill(gemini([{ text: "I write it now." }], reason));
    const { end: ended, asked: tried } = await runWith(never, { wire: "gemini" });
    expect([ended.unfinished, tried.length]).toEqual(["model_failed", 4]);
  },
);

const png = Buffer.from("\u0089PNG\r\n\u001a\nand no pixels", "latin1");
const base64 = png.toString("base64");
const look = { functionCall: { name: "view", args: { path: "a.png" } } };
const options = { wire: "gemini", files: { "a.png": png } } as const;

test("MOD-5 an image that the provider doesn't take costs the run nothing but it", async () => {
  const { end, asked } = await runWith(
    [gemini([look], "STOP"), () => "Could not process image", gemini([{ text: "Done." }], "STOP")],
    options,
  );
  expect(end).toEqual({ exitCode: 0 });
  expect(asked.map((body) => body.includes(base64))).toEqual([false, true, false]);
  expect(asked[2]).toContain("didn't take");
});

test("a request without an image that is refused isn't made again", async () => {
  const { end, asked } = await runWith(
    [gemini([look], "STOP"), () => "Could not process image", () => "Something else"],
    options,
  );
  expect(end.why).toContain("Something else");
  expect(asked).toHaveLength(3);
});

test("a chat with a model without tools has no empty list of them, which is refused", async () => {
  const script = [{ items: [{ kind: "text", text: "Done." } as const] }];
  const run = await runLoop({ wire: "openai-chat", script, entry: { tools: false } });
  expect(run.end).toEqual({ exitCode: 0 });
  expect(run.requests[0]).not.toHaveProperty("tools");
});
