import { describe, expect, test } from "vitest";
import { DeploymentModels } from "#shared/core/models/deployment-models";
import { checkCall } from "../checked-call.ts";
import { checkMessages } from "./anthropic.ts";
import { inputTokensBound } from "./checked-request.ts";
import type { Json } from "./fields.ts";
import { checkGemini } from "./gemini.ts";
import { checkChat } from "./openai-chat.ts";
import { checkResponses } from "./openai-responses.ts";

const messages = [{ role: "user", content: "Hello" }];
const anthropic = (change: Json) =>
  checkMessages({ model: "claude-haiku-4-5", max_tokens: 10, messages, ...change }, "generate");
const chat = (change: Json) => checkChat({ model: "gpt-5", messages, ...change });
const responses = (change: Json) => checkResponses({ model: "gpt-5", input: "Hello", ...change });
const call = { modelName: "gemini-2.5-flash", kind: "generate" as const, isStream: false };
const gemini = (change: Json) => {
  const contents = [{ role: "user", parts: [{ text: "Hello" }] }];
  return checkGemini({ contents, ...change }, call);
};
const ofUser = (block: Json) => ({ messages: [{ role: "user", content: [block] }] });
const part = (inner: Json) => ({ contents: [{ role: "user", parts: [inner] }] });
const input = (inner: Json) => ({ input: [{ role: "user", content: [inner] }] });
const url = "https://example.com/a.png";
const data = "data:image/png;base64,AAAA";

describe("MOD-4 nothing runs, is fetched or is stored at a provider", () => {
  test.each<[string, (change: Json) => unknown, Json]>([
    ["a search", anthropic, { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["code execution", anthropic, { tools: [{ type: "code_execution_20250825", name: "x" }] }],
    ["hosted MCP", anthropic, { mcp_servers: [{ type: "url", url }] }],
    ["a container", anthropic, { container: "c" }],
    ["a service tier", anthropic, { service_tier: "auto" }],
    ["a speed", anthropic, { speed: "fast" }],
    ["a region", anthropic, { inference_geo: "us" }],
    ["an unknown field", anthropic, { brand_new: 1 }],
    ["an image by URL", anthropic, ofUser({ type: "image", source: { type: "url", url } })],
    ["a file", anthropic, ofUser({ type: "document", source: { type: "file", file_id: "f" } })],
    ["a PDF", anthropic, ofUser({ type: "document", source: { type: "base64", data: "x" } })],
    ["an upload", anthropic, ofUser({ type: "container_upload", file_id: "f" })],
    [
      "an image by URL in a result",
      anthropic,
      ofUser({
        type: "tool_result",
        tool_use_id: "t",
        content: [{ type: "image", source: { type: "url", url } }],
      }),
    ],
    ["a search of chat", chat, { web_search_options: {} }],
    ["storage of chat", chat, { store: true }],
    ["a prediction", chat, { prediction: { type: "content", content: "x" } }],
    ["a tier of chat", chat, { service_tier: "flex" }],
    ["an image by URL in chat", chat, ofUser({ type: "image_url", image_url: { url } })],
    ["a file in chat", chat, ofUser({ type: "file", file: { file_id: "f" } })],
    [
      "an image beside a text in chat",
      chat,
      ofUser({ type: "text", text: "", image_url: { url } }),
    ],
    ["a part of two types in chat", chat, ofUser({ type: "text", text: "", Type: "image_url" })],
    [
      "an image of two addresses",
      chat,
      ofUser({ type: "image_url", image_url: { url: data, URL: url } }),
    ],
    ["a tool of two types", chat, { tools: [{ type: "function", Type: "web_search" }] }],
    ["a file beside a text", responses, input({ type: "input_text", text: "", file_url: url })],
    ["a part of two types", responses, input({ type: "input_text", text: "", TYPE: "input_file" })],
    [
      "a tool with another spelling of a field",
      responses,
      { tools: [{ type: "function", "\u017ferver_url": url }] },
    ],
    ["a tool of two types", responses, { tools: [{ type: "function", Type: "mcp" }] }],
    ["an item of two types", responses, { input: [{ type: "message", Type: "item_reference" }] }],
    [
      "an image of two sources",
      anthropic,
      ofUser({ type: "image", source: { type: "base64", data: "x", Type: "url", url } }),
    ],
    ["a message of two contents", anthropic, { messages: [{ role: "user", Content: [{}] }] }],
    ["a content of two parts", gemini, { contents: [{ role: "user", Parts: [{}] }] }],
    ["MCP of responses", responses, { tools: [{ type: "mcp", server_url: url }] }],
    ["files of responses", responses, { tools: [{ type: "file_search" }] }],
    ["an interpreter", responses, { tools: [{ type: "code_interpreter" }] }],
    ["background", responses, { background: true }],
    ["a conversation", responses, { conversation: "c" }],
    ["an earlier response", responses, { previous_response_id: "r" }],
    ["a stored prompt", responses, { prompt: { id: "p" } }],
    ["storage of responses", responses, { store: true }],
    ["an image by URL in responses", responses, input({ type: "input_image", image_url: url })],
    ["a stored image", responses, input({ type: "input_image", file_id: "f" })],
    ["a file by URL", responses, input({ type: "input_file", file_url: url })],
    ["a reference", responses, { input: [{ type: "item_reference", id: "i" }] }],
    ["a reference that doesn't say so", responses, { input: [{ id: "i" }] }],
    ["a reference of no type", responses, { input: [{ type: null, id: "i", role: null }] }],
    ["search of Gemini", gemini, { tools: [{ googleSearch: {} }] }],
    ["pages of Gemini", gemini, { tools: [{ urlContext: {} }] }],
    ["code of Gemini", gemini, { tools: [{ codeExecution: {} }] }],
    ["a cached content", gemini, { cachedContent: "c" }],
    ["a file of Gemini", gemini, part({ fileData: { fileUri: url } })],
    ["a film", gemini, part({ inlineData: { mimeType: "video/mp4", data: "x" } })],
    [
      "a film under the second name of a field",
      gemini,
      part({ inlineData: { mimeType: "image/png", mime_type: "video/mp4", data: "x" } }),
    ],
  ])("refuses %s", (_, check, change) => {
    expect(() => check(change)).toThrow(/isn't passed on|providers fetch nothing/);
  });

  test("passes on what agents need: tools of their own, images, thoughts, marks, reasoning", () => {
    const png = { type: "base64", media_type: "image/png", data: "iVBORw0K" };
    const tools = [{ name: "bash", input_schema: { type: "object" } }];
    const mark = { type: "ephemeral", ttl: "1h" };
    const seen = anthropic({
      ...ofUser({ type: "image", source: png }),
      ...{ tools, system: [{ type: "text", text: "x", cache_control: mark }] },
      ...{ thinking: { type: "adaptive" }, output_config: { effort: "low" } },
    });
    expect(seen).toMatchObject({ images: 1, cacheWrites: "1h", outputTokensMax: 10 });
    const data = "data:image/png;base64,iVBORw0K";
    expect(chat(ofUser({ type: "image_url", image_url: { url: data } })).images).toBe(1);
    expect(responses(input({ type: "input_image", image_url: data })).images).toBe(1);
    const inlineData = { mimeType: "image/png", data: "iVBORw0K" };
    expect(gemini(part({ inlineData })).images).toBe(1);
    expect(chat({ n: 3 }).answers).toBe(3);
  });

  test("responses aren't stored, and streams of chat report their usage", () => {
    expect(responses({}).body).toMatchObject({ store: false });
    const described = responses({ client_metadata: { "x-codex-installation-id": "i" } });
    expect(described.body).toEqual(responses({}).body);
    const streamed = chat({ stream: true });
    expect(streamed.body).toMatchObject({ stream_options: { include_usage: true } });
    expect(streamed.hidesUsage).toBe(true);
    const asking = chat({ stream: true, stream_options: { include_usage: true } });
    expect(asking.hidesUsage).toBe(false);
  });
});

test("instructions are a text, in which no item can hide", () => {
  const instructions = [{ type: "message", content: [{ type: "input_file", file_url: url }] }];
  expect(() => responses({ instructions })).toThrow("instructions must be a text");
});

describe("MOD-2 a ceiling covers all that a request may write", () => {
  test("both limits of chat, whichever its server obeys", () => {
    const limits = { max_completion_tokens: 1, max_tokens: 9_000 };
    expect(chat(limits).outputTokensMax).toBe(9_000);
  });

  test("a budget of thoughts that is larger than the limit", () => {
    const thinking = { type: "enabled", budget_tokens: 50_000 };
    expect(anthropic({ max_tokens: 1_000, thinking }).outputTokensMax).toBe(51_000);
    expect(anthropic({ max_tokens: 60_000, thinking }).outputTokensMax).toBe(60_000);
  });

  test("limits beyond what numbers hold exactly are still a number that can be refused", () => {
    const max = Number.MAX_SAFE_INTEGER;
    const body = { model: "gpt-5-mini", messages, n: max, max_completion_tokens: max };
    const deployment = DeploymentModels.parse({ providers: { openai: {} } });
    const kind = { protocol: "openai-chat", kind: "generate", stated: null } as const;
    const route = { ...kind, path: () => "/v1/chat/completions" };
    const { ceilingMicrousd } = checkCall(Buffer.from(JSON.stringify(body)), route, deployment);
    expect(ceilingMicrousd).toBe(max);
  });
});

test("MOD-2 the bound counts a token per byte, and images by number", () => {
  expect(inputTokensBound(1_000, 2, 5_000)).toBeGreaterThanOrEqual(11_000);
});
