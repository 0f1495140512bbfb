// @module-tag slow
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { runLoop } from "../../../test/kit/agent-loop.ts";
import type { WireName } from "./wires/wires.ts";

const mib = 1024 * 1024;
const piece = "x".repeat(mib);

/** Events of one wire format that say megabytes, as text or as a call's arguments. */
const floods: Readonly<Record<string, readonly [WireName, object]>> = {
  "text of Anthropic": [
    "anthropic-messages",
    { type: "content_block_start", index: 0, content_block: { type: "text", text: piece } },
  ],
  "arguments of a chat": [
    "openai-chat",
    { choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] },
  ],
  "calls of a response": [
    "openai-responses",
    { type: "response.output_item.done", item: { type: "function_call", arguments: piece } },
  ],
  "calls of Gemini": [
    "gemini",
    { candidates: [{ content: { parts: [{ functionCall: { name: "a", args: { piece } } }] } }] },
  ],
};
const start = {
  type: "content_block_start",
  index: 0,
  content_block: { type: "tool_use", id: "a", name: "bash" },
};

test.each(Object.keys(floods))("MOD-5 an answer of megabytes is given up: %s", async (name) => {
  const [wire, event] = floods[name] ?? ["gemini", {}];
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify(start)}\n\n`);
    let left = 30;
    const more = () => {
      for (; left > 0; left -= 1) {
        if (response.write(`data: ${JSON.stringify(event)}\n\n`)) continue;
        left -= 1;
        return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const run = await runLoop({ wire, script: [], settings: { url } });
  expect(run.end.unfinished).toBe("model_failed");
  expect(run.end.why).toContain("a too large answer");
  expect(run.answer.length).toBeLessThan(11 * mib);
});
