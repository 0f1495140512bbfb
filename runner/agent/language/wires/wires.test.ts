/** Each wire on streams as the providers' documentation shows them, and on requests' bytes. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { checkCredential } from "#shared/pipeline/credential";
import type { Message, Turn } from "../conversation.ts";
import { ProviderFault } from "../provider-fault.ts";
import { SseReader, sseBounds } from "../sse-reader.ts";
import { type WireName, wires } from "./wires.ts";

const events = (...bodies: object[]) =>
  bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`).join("");

const anthropic = events(
  { type: "message_start", message: { usage: { input_tokens: 25, cache_read_input_tokens: 100 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm é." } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hello 😀" } },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "toolu_1", name: "bash", input: {} },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "" } },
  {
    type: "content_block_delta",
    index: 2,
    delta: { type: "input_json_delta", partial_json: '{"command":' },
  },
  {
    type: "content_block_delta",
    index: 2,
    delta: { type: "input_json_delta", partial_json: '"ls"}' },
  },
  {
    type: "message_delta",
    delta: { stop_reason: "tool_use" },
    usage: { input_tokens: 25, cache_creation_input_tokens: 7, output_tokens: 15 },
  },
  { type: "message_stop" },
);

const chunk = (delta: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chat = `: a comment\n\n${events(
  chunk({ role: "assistant", content: "" }),
  chunk({ reasoning_content: "Hm é." }),
  chunk({ content: "Hello 😀" }),
  chunk({
    tool_calls: [
      { index: 0, id: "toolu_1", type: "function", function: { name: "bash", arguments: "" } },
    ],
  }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"command":' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '"ls"}' } }] }),
  chunk({}, "tool_calls"),
  {
    choices: [],
    usage: {
      prompt_tokens: 132,
      completion_tokens: 15,
      prompt_tokens_details: { cached_tokens: 100 },
    },
  },
)}data: [DONE]\n\n`;

const responses = events(
  { type: "response.created", response: { usage: null } },
  {
    type: "response.reasoning_summary_text.delta",
    output_index: 0,
    summary_index: 0,
    delta: "Hm é.",
  },
  {
    type: "response.output_item.done",
    output_index: 0,
    item: {
      id: "rs_1",
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Hm é." }],
      encrypted_content: "sealed",
    },
  },
  { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "Hello 😀" },
  {
    type: "response.output_item.done",
    output_index: 1,
    item: { type: "message", content: [{ type: "output_text", text: "Hello 😀" }] },
  },
  {
    type: "response.output_item.done",
    output_index: 2,
    item: {
      type: "function_call",
      call_id: "toolu_1",
      name: "bash",
      arguments: '{"command":"ls"}',
    },
  },
  {
    type: "response.completed",
    response: {
      usage: {
        input_tokens: 132,
        output_tokens: 15,
        input_tokens_details: { cached_tokens: 100 },
      },
    },
  },
);

const part = (inner: object) => ({ candidates: [{ content: { parts: [inner], role: "model" } }] });
const gemini = events(
  part({ text: "Hm é.", thought: true }),
  part({ text: "Hello " }),
  part({ text: "😀" }),
  part({
    functionCall: { id: "toolu_1", name: "bash", args: { command: "ls" } },
    thoughtSignature: "sig",
  }),
  {
    candidates: [{ content: { parts: [{ text: "" }] }, finishReason: "STOP" }],
    usageMetadata: {
      promptTokenCount: 132,
      candidatesTokenCount: 10,
      thoughtsTokenCount: 5,
      cachedContentTokenCount: 100,
    },
  },
);

const recorded: readonly (readonly [WireName, string])[] = [
  ["anthropic-messages", anthropic],
  ["openai-chat", chat],
  ["openai-responses", responses],
  ["gemini", gemini],
];

/** Reads a stream in pieces of so many bytes. */
function read(name: WireName, stream: string, pieceBytes: number): { turn: Turn; heard: string } {
  let heard = "";
  const listener = {
    text: (piece: string) => {
      heard += piece;
    },
    thinking: (piece: string) => {
      heard += `(${piece})`;
    },
  };
  const reader = wires[name].reader(listener);
  const sse = new SseReader();
  const bytes = Buffer.from(stream);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    for (const event of sse.read(bytes.subarray(start, start + pieceBytes))) reader.read(event);
  }
  return { turn: reader.turn(), heard };
}

describe("a recorded stream", () => {
  test.each(recorded)("is the same turn in pieces of any size: %s", (name, stream) => {
    for (const pieceBytes of [1, 7, 64, 100_000]) {
      const { turn, heard } = read(name, stream, pieceBytes);
      expect(turn.end).toBe("tools");
      expect(turn.parts.map(({ type }) => type)).toEqual(["thinking", "text", "tool_call"]);
      expect(turn.parts[1]).toEqual({ type: "text", text: "Hello 😀" });
      expect(turn.parts[2]).toMatchObject({
        id: "toolu_1",
        name: "bash",
        arguments: '{"command":"ls"}',
      });
      expect(turn.usage).toMatchObject({ input: 132, output: 15 });
      expect(heard).toBe("(Hm é.)Hello 😀");
    }
  });

  test.each(recorded)("that ends early is known as cut: %s", (name, stream) => {
    const last = name === "openai-chat" ? "finish_reason" : "\n\ndata: ";
    const cut = stream.slice(0, stream.lastIndexOf(last));
    const early = name === "openai-chat" ? stream.slice(0, stream.indexOf('"tool_calls"}]')) : cut;
    expect(read(name, early, 100).turn.end).toBe("cut");
  });

  test.each(recorded)("keeps each line end and refuses what is too long: %s", (name, stream) => {
    const { turn } = read(name, stream.replaceAll("\n", "\r\n"), 5);
    expect(turn).toEqual(read(name, stream, 1_000).turn);
    const small = new SseReader({ ...sseBounds, eventLengthMax: 50, streamBytesMax: 10_000 });
    expect(() => small.read(Buffer.from(stream))).toThrow(ProviderFault);
  });
});

const tools = [{ name: "bash", description: "Runs it.", parameters: { type: "object" } }];

/** A conversation that has come back from the wire, with one more exchange each time. */
function conversation(name: WireName, stream: string, exchanges: number): Message[] {
  const messages: Message[] = [{ role: "user", parts: [{ type: "text", text: "Do it." }] }];
  for (let count = 0; count < exchanges; count += 1) {
    messages.push({ role: "assistant", parts: read(name, stream, 1_000).turn.parts });
    messages.push({
      role: "user",
      parts: [
        {
          type: "tool_result",
          callId: "toolu_1",
          name: "bash",
          content: [{ type: "text", text: `result ${count}` }],
          isError: false,
        },
      ],
    });
  }
  return messages;
}

describe("a request", () => {
  test.each(recorded)("begins with every byte of the one before: %s", (name, stream) => {
    const bodies = [1, 2, 3].map((exchanges) => {
      const request = {
        ...{
          model: "m",
          system: "Rules.",
          tools,
          outputTokensMax: 1_000,
          modelOutputTokensMax: 9_000,
          effort: "low" as const,
        },
        ...{ cacheKey: "run_1", messages: conversation(name, stream, exchanges) },
      };
      // Marks of what to cache aren't a part of what is cached.
      return wires[name].body(request).replaceAll(',"cache_control":{"type":"ephemeral"}', "");
    });
    for (const [index, body] of bodies.slice(1).entries()) {
      const before = (bodies[index] ?? "").replace(/[\]}]+$/, "");
      expect(before).toContain("Rules.");
      expect(body.startsWith(before)).toBe(true);
    }
  });

  test.each([
    ["anthropic-messages", anthropic, '"signature":"sig"'],
    ["openai-responses", responses, '"encrypted_content":"sealed"'],
    ["gemini", gemini, '"thoughtSignature":"sig"'],
  ] as const)("gives thoughts back with the provider's proof: %s", (name, stream, proof) => {
    const request = {
      ...{
        model: "m",
        system: "Rules.",
        tools,
        outputTokensMax: 1_000,
        modelOutputTokensMax: 9_000,
        effort: null,
      },
      ...{ cacheKey: "run_1", messages: conversation(name, stream, 1) },
    };
    expect(wires[name].body(request)).toContain(proof);
  });

  test.each(Object.entries(wires))("shows its token as the gateway reads it: %s", (_name, wire) => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request.headers, wire.headers("a-model-token"));
    expect(checkCredential("model", request)).toEqual({ type: "token", token: "a-model-token" });
  });

  test("marks at most four places for Anthropic's cache", () => {
    const messages = conversation("anthropic-messages", anthropic, 9);
    const rest = {
      model: "m",
      system: "Rules.",
      tools,
      outputTokensMax: 9,
      modelOutputTokensMax: 9,
      effort: null,
    };
    const body = wires["anthropic-messages"].body({ ...rest, cacheKey: "run_1", messages });
    expect(body.match(/cache_control/g)?.length).toBe(3);
  });
});
