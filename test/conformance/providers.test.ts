/** The providers' own clients against the local servers; local/providers/CONFORMANCE.md. */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalProviders, startProviders } from "../../local/providers/server.ts";
import type { ScriptedTurn } from "../../local/providers/turn.ts";

const key = "local-provider-key";
let server: LocalProviders;
let anthropic: Anthropic;
let openai: OpenAI;
let gemini: GoogleGenAI;

beforeAll(async () => {
  server = await startProviders({ script: [] });
  const one = { maxRetries: 0, apiKey: key };
  anthropic = new Anthropic({ ...one, baseURL: server.url });
  openai = new OpenAI({ ...one, baseURL: `${server.url}/v1` });
  gemini = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: server.url } });
});

afterAll(() => server.close());

const turn: ScriptedTurn = {
  items: [
    { kind: "thinking", text: "I should list the files first." },
    { kind: "text", text: "Ich schaue nach — größer als 16 Zeichen 🙂." },
    { kind: "tool-call", name: "bash", input: { command: "ls -la /workspace" } },
  ],
};
const inputSchema = { type: "object" as const, properties: { command: { type: "string" } } };
const ask = [{ role: "user" as const, content: "List the files." }];
const said = "Ich schaue nach — größer als 16 Zeichen 🙂.";

describe("Anthropic's client", () => {
  const tools = [{ name: "bash", input_schema: inputSchema }];
  const body = { model: "claude-sonnet-4-5", max_tokens: 4_000, messages: ask, tools };

  test("streams thoughts, text and a tool call, continues, and reads usage", async () => {
    server.play([turn, { items: [{ kind: "text", text: "Done." }] }]);
    const message = await anthropic.messages
      .stream({ ...body, thinking: { type: "enabled", budget_tokens: 1_024 } })
      .finalMessage();
    expect(message.content.map((block) => block.type)).toEqual(["thinking", "text", "tool_use"]);
    expect(message.content[1]).toMatchObject({ text: said });
    expect(message.content[2]).toMatchObject({ input: { command: "ls -la /workspace" } });
    expect(message.stop_reason).toBe("tool_use");
    expect(message.usage.output_tokens).toBe(server.served.at(-1)?.usage.outputTokens);
    const call = message.content[2];
    if (call?.type !== "tool_use") throw new Error("No call.");
    const results = [{ type: "tool_result" as const, tool_use_id: call.id, content: "a.txt" }];
    const next = await anthropic.messages.create({
      ...body,
      messages: [
        ...ask,
        { role: "assistant", content: message.content },
        { role: "user", content: results },
      ],
    });
    expect(next).toMatchObject({ stop_reason: "end_turn", content: [{ text: "Done." }] });
  });

  test("counts tokens, and a repeated prefix is read from the cache", async () => {
    const system = [
      {
        type: "text" as const,
        text: "x".repeat(8_000),
        cache_control: { type: "ephemeral" as const },
      },
    ];
    server.play([
      { items: [{ kind: "text", text: "1" }] },
      { items: [{ kind: "text", text: "2" }] },
    ]);
    const { max_tokens: _, ...counted } = { ...body, system };
    const { input_tokens: total } = await anthropic.messages.countTokens(counted);
    const first = await anthropic.messages.create({ ...body, system });
    const second = await anthropic.messages.create({ ...body, system });
    const written = first.usage.cache_creation_input_tokens ?? 0;
    expect(written).toBeGreaterThan(2_000);
    expect(first.usage.input_tokens + written).toBe(total);
    expect(second.usage).toMatchObject({
      cache_read_input_tokens: written,
      cache_creation_input_tokens: 0,
      input_tokens: first.usage.input_tokens,
    });
  });

  test("is cut at max_tokens", async () => {
    server.play([{ items: [{ kind: "text", text: "word ".repeat(500) }] }]);
    const cut = await anthropic.messages.create({ ...body, max_tokens: 10 });
    expect(cut).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 10 } });
  });

  const call = { type: "tool_use" as const, id: "toolu_1", name: "bash", input: {} };
  const result = { type: "tool_result" as const, tool_use_id: "toolu_1", content: "x" };
  const thought = { type: "thinking" as const, thinking: "a", signature: "forged" };
  test.each<[string, object, string]>([
    ["an unknown field", { foo: 1 }, "foo: Extra inputs are not permitted"],
    ["no max_tokens", { max_tokens: undefined }, "max_tokens: Field required"],
    [
      "an assistant first",
      { messages: [{ role: "assistant", content: "x" }, ...ask] },
      "first message must use",
    ],
    ["a prefill", { messages: [...ask, { role: "assistant", content: "x" }] }, "prefill"],
    [
      "a result without its call",
      { messages: [{ role: "user", content: [result] }] },
      "unexpected",
    ],
    [
      "a call without its result",
      { messages: [...ask, { role: "assistant", content: [call] }, ...ask] },
      "without `tool_result` blocks",
    ],
    [
      "a forged thought",
      { messages: [...ask, { role: "assistant", content: [thought] }, ...ask] },
      "Invalid `signature`",
    ],
    ["tools of one name", { tools: [...tools, ...tools] }, "must be unique"],
  ])("is refused for %s", async (_, change, message) => {
    const refused = anthropic.messages.create({ ...body, ...change });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });

  test("reads errors as its provider words them", async () => {
    const stranger = new Anthropic({ apiKey: "other", baseURL: server.url, maxRetries: 0 });
    await expect(stranger.messages.create(body)).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    server.play([
      { items: [], fault: { kind: "status", status: 429, retryAfterSeconds: 7 } },
      { items: [], fault: { kind: "status", status: 529 } },
    ]);
    const limited: unknown = await anthropic.messages.create(body).catch((error: unknown) => error);
    if (!(limited instanceof Anthropic.RateLimitError)) throw new Error("Not limited.");
    expect(limited.headers.get("retry-after")).toBe("7");
    await expect(anthropic.messages.create(body)).rejects.toMatchObject({ status: 529 });
  });

  test("meets the faults that a test orders", async () => {
    const drain = async (fault: ScriptedTurn["fault"]) => {
      server.play([{ ...turn, ...(fault && { fault }) }]);
      const stream = await anthropic.messages.create({ ...body, stream: true });
      let bytes = 0;
      for await (const event of stream) bytes += JSON.stringify(event).length;
      return bytes;
    };
    await expect(drain({ kind: "cut", afterEvents: 4 })).rejects.toThrow();
    await expect(drain({ kind: "malformed", afterEvents: 4 })).resolves.toBeGreaterThan(0);
    await expect(drain({ kind: "error-event", afterEvents: 4 })).rejects.toThrow("Overloaded");
    const long = await drain({ kind: "long-line", sizeBytes: 10_000_000 });
    expect(long).toBeGreaterThan(10_000_000);
    server.play([{ items: [], fault: { kind: "never-answers" } }]);
    const signal = AbortSignal.timeout(200);
    await expect(anthropic.messages.create(body, { signal })).rejects.toThrow();
  });
});

describe("OpenAI's client", () => {
  const bash = { name: "bash", parameters: inputSchema };
  const tools = [{ type: "function" as const, function: bash }];
  const body = { model: "gpt-5", messages: ask, tools };

  test("streams chat, with usage only if it asks", async () => {
    server.play([turn, turn]);
    const stream = openai.chat.completions.stream({
      ...body,
      stream_options: { include_usage: true },
    });
    const done = await stream.finalChatCompletion();
    expect(done.choices[0]?.message.content).toBe(said);
    expect(JSON.stringify(done.choices[0]?.message.tool_calls)).toContain("ls -la");
    const { usage } = server.served.at(-1) ?? {};
    expect(done.usage?.completion_tokens).toBe(usage?.outputTokens);
    expect(done.usage?.completion_tokens_details?.reasoning_tokens).toBe(usage?.thinkingTokens);
    const without = await openai.chat.completions.create({ ...body, stream: true });
    for await (const chunk of without) expect(chunk).not.toHaveProperty("usage");
  });

  test("counts cached tokens as part of its input", async () => {
    const messages = [{ role: "system" as const, content: "y".repeat(8_000) }, ...ask];
    server.play([{ items: [] }, { items: [] }]);
    const first = await openai.chat.completions.create({ ...body, messages });
    const second = await openai.chat.completions.create({ ...body, messages });
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(1_900);
    expect(second.usage?.prompt_tokens).toBe(first.usage?.prompt_tokens);
  });

  const calls = [{ id: "1", type: "function", function: { name: "bash", arguments: "{}" } }];
  const result = { role: "tool", tool_call_id: "1", content: "x" };
  test.each<[string, object, string]>([
    ["an unknown field", { foo: 1 }, "Unknown parameter: 'foo'"],
    ["no messages", { messages: undefined }, "Missing required parameter: 'messages'"],
    ["a result without its call", { messages: [...ask, result] }, "preceeding"],
    [
      "a call without its result",
      { messages: [...ask, { role: "assistant", tool_calls: calls }, ...ask] },
      "must be followed by tool messages",
    ],
    ["max_tokens of a reasoning model", { max_tokens: 5 }, "max_completion_tokens"],
    ["stream options without a stream", { stream_options: {} }, "only allowed when"],
  ])("is refused chat for %s", async (_, change, message) => {
    const refused = openai.chat.completions.create({ ...body, ...change });
    await expect(refused).rejects.toThrow(message);
  });

  test("streams responses, continues, and reads usage", async () => {
    const functions = [{ type: "function" as const, ...bash, strict: false }];
    server.play([turn, { items: [{ kind: "text", text: "Done." }] }]);
    const asked = { model: "gpt-5", input: "List the files.", tools: functions, store: false };
    const first = await openai.responses.stream(asked).finalResponse();
    const types = first.output.map((item) => item.type);
    expect(types).toEqual(["reasoning", "message", "function_call"]);
    expect(first.output_text).toBe(said);
    const { usage } = server.served.at(-1) ?? {};
    expect(first.usage?.output_tokens).toBe(usage?.outputTokens);
    const call = first.output[2];
    if (call?.type !== "function_call") throw new Error("No call.");
    const { call_id, name, arguments: given } = call;
    const called = { type: "function_call" as const, call_id, name, arguments: given };
    const output = { type: "function_call_output" as const, call_id, output: "a" };
    const second = await openai.responses.create({ ...asked, input: [...ask, called, output] });
    expect(second.output_text).toBe("Done.");
    const orphan = openai.responses.create({ ...asked, input: [output] });
    await expect(orphan).rejects.toThrow("No tool call found");
    const unknown = openai.responses.create({ ...asked, ...{ foo: 1 } });
    await expect(unknown).rejects.toThrow("Unknown parameter: 'foo'");
  });

  test("reads errors as its provider words them", async () => {
    const stranger = new OpenAI({ apiKey: "other", baseURL: `${server.url}/v1`, maxRetries: 0 });
    const refused = stranger.chat.completions.create(body);
    await expect(refused).rejects.toMatchObject({ status: 401, code: "invalid_api_key" });
    server.play([{ items: [], fault: { kind: "status", status: 429, retryAfterSeconds: 7 } }]);
    const limited: unknown = await openai.chat.completions.create(body).catch((error) => error);
    if (!(limited instanceof OpenAI.RateLimitError)) throw new Error("Not limited.");
    expect(limited.headers.get("retry-after")).toBe("7");
  });
});

describe("Google's client", () => {
  const tools = [{ functionDeclarations: [{ name: "bash", parametersJsonSchema: inputSchema }] }];
  const asked = { model: "gemini-3-flash-preview", contents: "List the files." };

  test("streams parts, continues with signatures, and reads usage without thoughts", async () => {
    server.play([turn, { items: [{ kind: "text", text: "Done." }] }]);
    const stream = await gemini.models.generateContentStream({ ...asked, config: { tools } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    expect(parts.map((part) => part.text ?? "").join("")).toBe(said);
    const called = parts.find((part) => part.functionCall);
    expect(called?.functionCall?.args).toEqual({ command: "ls -la /workspace" });
    const { usage } = server.served.at(-1) ?? {};
    const reported = chunks.at(-1)?.usageMetadata;
    const { candidatesTokenCount = 0, thoughtsTokenCount = 0 } = reported ?? {};
    expect(thoughtsTokenCount).toBe(usage?.thinkingTokens);
    expect(candidatesTokenCount + thoughtsTokenCount).toBe(usage?.outputTokens);
    const response = { name: "bash", response: { output: "a.txt" } };
    const history = (part: object) => [
      { role: "user", parts: [{ text: "List the files." }] },
      { role: "model", parts: [part] },
      { role: "user", parts: [{ functionResponse: response }] },
    ];
    const next = { ...asked, config: { tools } };
    const second = await gemini.models.generateContent({
      ...next,
      contents: history(called ?? {}),
    });
    expect(second.text).toBe("Done.");
    const { thoughtSignature: _, ...unsigned } = called ?? {};
    const refused = gemini.models.generateContent({ ...next, contents: history(unsigned) });
    await expect(refused).rejects.toThrow("thought_signature");
  });

  test("counts tokens, and is refused a bad key, an unknown field and a stray result", async () => {
    const count = await gemini.models.countTokens(asked);
    expect(count.totalTokens).toBeGreaterThan(3);
    const httpOptions = { baseUrl: server.url };
    const stranger = new GoogleGenAI({ apiKey: "other", httpOptions });
    await expect(stranger.models.generateContent(asked)).rejects.toThrow("API key not valid");
    const extraBody = { foo: 1 };
    const unknown = gemini.models.generateContent({
      ...asked,
      config: { httpOptions: { extraBody } },
    });
    await expect(unknown).rejects.toThrow("Cannot find field");
    const parts = [{ functionResponse: { name: "bash", response: {} } }];
    const stray = gemini.models.generateContent({ ...asked, contents: [{ role: "user", parts }] });
    await expect(stray).rejects.toThrow("immediately after a function call turn");
  });
});
