import { z } from "zod";
import { checkBearer, openaiErrorBody, openaiHeaders, openaiSentences } from "./openai-errors.ts";
import { type PromptCache, promptBlock } from "./prompt-cache.ts";
import { parseShape } from "./request-shape.ts";
import { argumentsOf, type FinishedTurn, piecesOf, type StopKind } from "./turn.ts";
import {
  type AcceptedCall,
  invalid,
  type RawCall,
  type SseEvent,
  type UsageChange,
  type WireProtocol,
} from "./wire-protocol.ts";

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const content = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion("type", [
      textPart,
      z.strictObject({
        type: z.literal("image_url"),
        image_url: z.strictObject({ url: z.string(), detail: z.string().optional() }),
      }),
    ]),
  ),
]);
const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal("function"),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
});
const name = z.string().optional();
const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.enum(["system", "developer", "user"]), content, name }),
  z.strictObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    name,
    refusal: z.string().nullish(),
    annotations: z.array(z.unknown()).optional(),
    tool_calls: z.array(toolCall).min(1).optional(),
  }),
  z.strictObject({ role: z.literal("tool"), content, tool_call_id: z.string() }),
]);
const shape = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().optional(),
      include_obfuscation: z.boolean().optional(),
    })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  seed: z.int().nullish(),
  frequency_penalty: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("function"),
        function: z.strictObject({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          description: z.string().optional(),
          parameters: z.looseObject({}).optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .optional(),
  tool_choice: z.union([z.string(), z.looseObject({})]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: z.looseObject({ type: z.string() }).optional(),
  reasoning_effort: z.string().nullish(),
  verbosity: z.string().nullish(),
  user: z.string().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
  store: z.boolean().nullish(),
  service_tier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  web_search_options: z.looseObject({}).optional(),
  prediction: z.looseObject({}).nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.looseObject({}).nullish(),
});

/** OpenAI's Chat Completions, as OpenAI and compatible servers speak it. */
export function openaiChat(cache: PromptCache): WireProtocol {
  return {
    name: "openai-chat",
    accept(call) {
      const body = parseChat(call);
      const blocks = [...(body.tools ?? []), ...body.messages].map((each) => promptBlock(each));
      return {
        kind: "generate",
        model: body.model,
        isStream: body.stream === true,
        body: { ...body },
        outputTokensMax: body.max_completion_tokens ?? body.max_tokens ?? 16_384,
        input: cache.readImplicit(body.model, blocks),
      };
    },
    answer: (call, turn, changeUsage) => ({
      ...head(call, "chat.completion"),
      choices: [
        {
          index: 0,
          message: messageOf(turn),
          logprobs: null,
          finish_reason: finishReasons[turn.stop],
        },
      ],
      usage: changeUsage(usageOf(turn)),
    }),
    events: chatEvents,
    count: () => ({}),
    errorBody: openaiErrorBody,
    errorEvent: () => plain(openaiErrorBody(500, "The server had an error.", "server_error")),
    textEvent: (text) =>
      plain({
        ...{ id: "chatcmpl-long", object: "chat.completion.chunk", created: 0, model: "long" },
        choices: [{ index: 0, delta: { content: text }, finish_reason: null }],
      }),
    extraHeaders: openaiHeaders,
  };
}

function parseChat(call: RawCall): z.infer<typeof shape> {
  checkBearer(call);
  const body = parseShape(shape, call.body, openaiSentences);
  if (body.stream_options != null && body.stream !== true) {
    throw invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  if (body.max_tokens != null && /^(o\d|gpt-5)/.test(body.model)) {
    throw invalid(
      "Unsupported parameter: 'max_tokens' is not supported with this model. " +
        "Use 'max_completion_tokens' instead.",
      "unsupported_parameter",
    );
  }
  checkOrder(body.messages);
  return body;
}

function checkOrder(messages: readonly z.infer<typeof message>[]): void {
  let open: string[] = [];
  for (const each of messages) {
    if (each.role === "tool") {
      if (!open.includes(each.tool_call_id)) {
        throw invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding " +
            "message with 'tool_calls'.",
        );
      }
      open = open.filter((id) => id !== each.tool_call_id);
      continue;
    }
    refuseOpen(open);
    open = each.role === "assistant" ? (each.tool_calls ?? []).map(({ id }) => id) : [];
  }
  refuseOpen(open);
}

function refuseOpen(open: readonly string[]): void {
  if (open.length === 0) return;
  throw invalid(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to " +
      "each 'tool_call_id'. The following tool_call_ids did not have response messages: " +
      open.join(", "),
  );
}

const finishReasons: Readonly<Record<StopKind, string>> = {
  end: "stop",
  tool: "tool_calls",
  "max-tokens": "length",
  refusal: "content_filter",
};

const plain = (body: object): SseEvent => ({ data: JSON.stringify(body) });

function head(call: AcceptedCall, object: string) {
  return {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: call.model,
    service_tier: "default",
    system_fingerprint: "fp_local",
  };
}

function messageOf(turn: FinishedTurn): object {
  const text = turn.items.flatMap((item) => (item.kind === "text" ? item.text : [])).join("");
  const calls = turn.items.filter((item) => item.kind === "tool-call");
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    annotations: [],
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => ({
        id: callId(call.id),
        type: "function",
        function: { name: call.name, arguments: argumentsOf(call) },
      })),
    }),
  };
}

const callId = (id: string) => (id.startsWith("call_") ? id : `call_${id}`);

function usageOf({ usage }: FinishedTurn): object {
  const prompt = usage.uncachedInputTokens + usage.cacheReadTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.thinkingTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chatEvents(call: AcceptedCall, turn: FinishedTurn, changeUsage: UsageChange): SseEvent[] {
  const chunk = head(call, "chat.completion.chunk");
  const asksUsage = Reflect.get(call.body.stream_options ?? {}, "include_usage") === true;
  const noUsage = asksUsage ? { usage: null } : {};
  const deltaEvent = (delta: object, finish: string | null = null) =>
    plain({
      ...chunk,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...noUsage,
    });
  const events = [deltaEvent({ role: "assistant", content: "", refusal: null })];
  let calls = 0;
  for (const item of turn.items) {
    // OpenAI counts what a model thinks and doesn't show it.
    if (item.kind === "thinking") continue;
    if (item.kind === "text") {
      events.push(...piecesOf(item.text).map((text) => deltaEvent({ content: text })));
      continue;
    }
    const index = calls;
    calls += 1;
    const called = { id: callId(item.id), type: "function" };
    const started = { index, ...called, function: { name: item.name, arguments: "" } };
    events.push(deltaEvent({ tool_calls: [started] }));
    for (const piece of piecesOf(argumentsOf(item))) {
      events.push(deltaEvent({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  }
  events.push(deltaEvent({}, finishReasons[turn.stop]));
  const usage = asksUsage ? changeUsage(usageOf(turn)) : undefined;
  if (usage !== undefined) events.push(plain({ ...chunk, choices: [], usage }));
  events.push({ data: "[DONE]" });
  return events;
}
