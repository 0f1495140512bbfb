import { createHash } from "node:crypto";
import { z } from "zod";
import { type PromptBlock, promptBlock } from "./prompt-cache.ts";
import { parseShape, type ShapeSentences } from "./request-shape.ts";
import { invalid, ProviderRefusal, type RawCall } from "./wire-protocol.ts";

const cacheControl = z.strictObject({
  type: z.literal("ephemeral"),
  ttl: z.enum(["5m", "1h"]).optional(),
});
const cached = { cache_control: cacheControl.nullish() };
const text = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  citations: z.null().optional(),
  ...cached,
});
const image = z.strictObject({
  type: z.literal("image"),
  source: z.union([
    z.strictObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.strictObject({ type: z.literal("url"), url: z.string() }),
  ]),
  ...cached,
});
const block = z.discriminatedUnion("type", [
  text,
  image,
  z.strictObject({
    type: z.literal("document"),
    source: z.looseObject({ type: z.string() }),
    title: z.string().nullish(),
    context: z.string().nullish(),
    ...cached,
  }),
  z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.strictObject({
    type: z.literal("tool_use"),
    id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
    name: z.string().min(1).max(200),
    input: z.record(z.string(), z.unknown()),
    caller: z.looseObject({ type: z.string() }).optional(),
    toolset_name: z.string().nullish(),
    ...cached,
  }),
  z.strictObject({
    type: z.literal("tool_result"),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [text, image]))]).optional(),
    is_error: z.boolean().optional(),
    ...cached,
  }),
]);
const message = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: z.union([z.string().min(1), z.array(block)]),
});
const tool = z.union([
  z.strictObject({
    type: z.literal("custom").optional(),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
    description: z.string().optional(),
    input_schema: z.looseObject({ type: z.literal("object") }),
    eager_input_streaming: z.boolean().optional(),
    strict: z.boolean().optional(),
    ...cached,
  }),
  z.looseObject({ type: z.string().regex(/_\d{8}$/), name: z.string().optional() }),
]);
const shared = {
  model: z.string().min(1),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z.looseObject({ type: z.enum(["auto", "any", "tool", "none"]) }).optional(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("enabled"),
        budget_tokens: z.number().int().min(1024),
        display: z.enum(["summarized", "omitted"]).nullish(),
      }),
      z.strictObject({
        type: z.literal("adaptive"),
        display: z.enum(["summarized", "omitted"]).nullish(),
      }),
      z.strictObject({ type: z.literal("disabled") }),
    ])
    .optional(),
  output_config: z.looseObject({}).optional(),
  ...cached,
};
const countShape = z.strictObject(shared);
const messagesShape = z.strictObject({
  ...shared,
  max_tokens: z.number().int().min(1),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.number().int().min(0).optional(),
  stop_sequences: z.array(z.string()).optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  inference_geo: z.string().nullish(),
  speed: z.enum(["standard", "fast"]).nullish(),
  container: z.unknown().optional(),
  mcp_servers: z.array(z.looseObject({})).optional(),
});

type Message = z.infer<typeof message>;
type Body = z.infer<typeof countShape> & Partial<z.infer<typeof messagesShape>>;

const sentences: ShapeSentences = {
  unknown: (path) => `${path}: Extra inputs are not permitted`,
  missing: (path) => `${path}: Field required`,
  invalid: (path) => `${path}: Input is invalid`,
};

/** @throws {ProviderRefusal} for what the Messages API refuses. */
export function parseMessagesRequest(call: RawCall): Body {
  checkKey(call);
  const body: Body = call.url.pathname.endsWith("/count_tokens")
    ? parseShape(countShape, call.body, sentences)
    : parseShape(messagesShape, call.body, sentences);
  checkMessages(body.messages);
  checkThinking(body);
  checkTools(body);
  const marks = JSON.stringify(call.body).match(/"cache_control":\{/g)?.length ?? 0;
  if (marks > 4) {
    throw invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`);
  }
  return body;
}

function checkKey({ headers, keys }: RawCall): void {
  const key = headers["x-api-key"] ?? headers.authorization?.replace(/^Bearer /, "");
  if (typeof key !== "string") throw new ProviderRefusal(401, "x-api-key header is required");
  if (!keys.has(key)) throw new ProviderRefusal(401, "invalid x-api-key");
  if (headers["anthropic-version"] === undefined) {
    throw invalid("anthropic-version: header is required");
  }
}

const blocksOf = (each: Message | undefined) =>
  each === undefined || typeof each.content === "string" ? [] : each.content;

function checkMessages(messages: readonly Message[]): void {
  if (messages[0]?.role !== "user") {
    throw invalid('messages: first message must use the "user" role');
  }
  if (messages.at(-1)?.role === "assistant") {
    throw invalid(
      "This model does not support assistant message prefill. " +
        "The conversation must end with a user message.",
    );
  }
  for (const [index, each] of messages.entries()) {
    const blocks = blocksOf(each);
    if (each.content.length === 0) {
      throw invalid(`messages.${index}: all messages must have non-empty content`);
    }
    for (const [at, inner] of blocks.entries())
      checkBlock(inner, `messages.${index}.content.${at}`);
    const calls = blocksOf(messages[index - 1]).flatMap((b) => (b.type === "tool_use" ? b.id : []));
    const results = blocks.flatMap((b) => (b.type === "tool_result" ? b.tool_use_id : []));
    const stray = results.find((id) => !calls.includes(id));
    if (stray !== undefined) {
      throw invalid(
        `messages.${index}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ` +
          `${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in ` +
          "the previous message.",
      );
    }
    const open = calls.filter((id) => !results.includes(id));
    if (open.length > 0) {
      throw invalid(
        `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks ` +
          `immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a ` +
          "corresponding `tool_result` block in the next message.",
      );
    }
    if (new Set(results).size < results.length) {
      throw invalid(`messages.${index}: each tool_use must have a single result`);
    }
  }
}

function checkBlock(inner: z.infer<typeof block>, path: string): void {
  if (inner.type === "text" && inner.text.trim() === "") {
    throw invalid("messages: text content blocks must contain non-whitespace text");
  }
  if (inner.type === "thinking" && inner.signature !== signThinking(inner.thinking)) {
    throw invalid(`${path}: Invalid \`signature\` in \`thinking\` block`);
  }
}

function checkThinking(body: Body): void {
  const { thinking, max_tokens: max, temperature, tool_choice: choice } = body;
  if (thinking === undefined || thinking.type === "disabled") return;
  if (thinking.type === "enabled" && max !== undefined && max <= thinking.budget_tokens) {
    throw invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
  }
  if (temperature !== undefined && temperature !== 1) {
    throw invalid("`temperature` may only be set to 1 when thinking is enabled.");
  }
  if (choice?.type === "any" || choice?.type === "tool") {
    throw invalid("Thinking may not be enabled when tool_choice forces tool use.");
  }
}

function checkTools({ tools = [] }: Body): void {
  const names = tools.map((each) => each.name);
  if (new Set(names).size < names.length) throw invalid("tools: Tool names must be unique.");
}

/** The signature that the server gives a thought, and demands when it comes back. */
export function signThinking(thinking: string): string {
  return createHash("sha256").update(`local thinking ${thinking}`).digest("base64");
}

/** The prompt as the cache sees it: tools, then system, then messages, block by block. */
export function promptBlocksOf(body: Body): PromptBlock[] {
  const system = typeof body.system === "string" ? [{ text: body.system }] : (body.system ?? []);
  const messages: object[] = body.messages.flatMap<object>((each) =>
    typeof each.content === "string"
      ? [{ role: each.role, text: each.content }]
      : each.content.map((inner) => ({ role: each.role, ...inner })),
  );
  const blocks = [...(body.tools ?? []), ...system, ...messages].map((each: object) =>
    promptBlock(each, ttlOf(each)),
  );
  const last = blocks.at(-1);
  if (last === undefined || body.cache_control == null) return blocks;
  return [...blocks.slice(0, -1), { ...last, ttl: body.cache_control.ttl ?? "5m" }];
}

function ttlOf(value: object): PromptBlock["ttl"] {
  const mark = cached.cache_control.safeParse(Reflect.get(value, "cache_control")).data;
  return mark == null ? null : (mark.ttl ?? "5m");
}
