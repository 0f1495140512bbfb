import { parseMessagesRequest, promptBlocksOf, signThinking } from "./anthropic-request.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { argumentsOf, type FinishedTurn, piecesOf, type StopKind } from "./turn.ts";
import type { AcceptedCall, SseEvent, UsageChange, WireProtocol } from "./wire-protocol.ts";

/** Anthropic's Messages API, version 2023-06-01. */
export function anthropicMessages(cache: PromptCache): WireProtocol {
  return {
    name: "anthropic-messages",
    accept(call) {
      const body = parseMessagesRequest(call);
      const isCount = call.url.pathname.endsWith("/count_tokens");
      const blocks = promptBlocksOf(body);
      const total = blocks.reduce((sum, block) => sum + block.tokens, 0);
      return {
        kind: isCount ? "count" : "generate",
        model: body.model,
        isStream: body.stream === true,
        body: { ...body },
        outputTokensMax: body.max_tokens ?? 0,
        input: isCount
          ? { ...noInput, uncachedInputTokens: total }
          : cache.readMarked(body.model, blocks),
      };
    },
    answer: (call, turn, changeUsage) => ({
      ...messageOf(call, turn),
      content: turn.items.map(blockOf),
      stop_reason: stopReasons[turn.stop],
      usage: changeUsage(usageOf(turn)),
    }),
    events: messageEvents,
    count: (call) => ({ input_tokens: call.input.uncachedInputTokens }),
    errorBody: (status, message) => ({
      type: "error",
      error: { type: errorTypes.get(status) ?? "api_error", message },
      request_id: requestId(),
    }),
    errorEvent: () =>
      named({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
    textEvent: (text) =>
      named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    extraHeaders: () => ({ "request-id": requestId() }),
  };
}

const noInput = {
  uncachedInputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
};

const errorTypes = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [500, "api_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

const stopReasons: Readonly<Record<StopKind, string>> = {
  end: "end_turn",
  tool: "tool_use",
  "max-tokens": "max_tokens",
  refusal: "refusal",
};

const requestId = () => `req_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;

function named(body: { type: string; [field: string]: unknown }): SseEvent {
  return { event: body.type, data: JSON.stringify(body) };
}

function messageOf(call: AcceptedCall, turn: FinishedTurn) {
  return {
    id: `msg_${turn.items[0]?.id ?? crypto.randomUUID()}`,
    type: "message",
    role: "assistant",
    model: call.model,
    container: null,
    content: [] as object[],
    stop_reason: null as string | null,
    stop_sequence: null,
    stop_details: null,
  };
}

function usageOf({ usage }: FinishedTurn) {
  return {
    input_tokens: usage.uncachedInputTokens,
    cache_creation_input_tokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    service_tier: "standard",
  };
}

type Item = FinishedTurn["items"][number];

function blockOf(item: Item): object {
  switch (item.kind) {
    case "text":
      return { type: "text", text: item.text, citations: null };
    case "thinking":
      return { type: "thinking", thinking: item.text, signature: signThinking(item.text) };
    case "tool-call":
      return { type: "tool_use", id: callId(item.id), name: item.name, input: item.input };
  }
}

const callId = (id: string) => (id.startsWith("toolu_") ? id : `toolu_${id}`);

function messageEvents(
  call: AcceptedCall,
  turn: FinishedTurn,
  changeUsage: UsageChange,
): SseEvent[] {
  const usage = usageOf(turn);
  const events = [
    named({
      type: "message_start",
      message: { ...messageOf(call, turn), usage: changeUsage({ ...usage, output_tokens: 1 }) },
    }),
    named({ type: "ping" }),
  ];
  for (const [index, item] of turn.items.entries()) {
    const block = emptyBlock(item);
    events.push(named({ type: "content_block_start", index, content_block: block }));
    for (const delta of deltasOf(item)) {
      events.push(named({ type: "content_block_delta", index, delta }));
    }
    events.push(named({ type: "content_block_stop", index }));
  }
  // The counts of a message's delta are cumulative: they replace those of its start.
  const { cache_creation: _, service_tier: __, ...cumulative } = usage;
  const delta = {
    stop_reason: stopReasons[turn.stop],
    stop_sequence: null,
    stop_details: null,
    container: null,
  };
  events.push(named({ type: "message_delta", delta, usage: changeUsage(cumulative) }));
  events.push(named({ type: "message_stop" }));
  return events;
}

function emptyBlock(item: Item): object {
  if (item.kind === "text") return { type: "text", text: "", citations: null };
  if (item.kind === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return { ...blockOf(item), input: {} };
}

function deltasOf(item: Item): object[] {
  switch (item.kind) {
    case "text":
      return piecesOf(item.text).map((text) => ({ type: "text_delta", text }));
    case "thinking":
      return [
        ...piecesOf(item.text).map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: signThinking(item.text) },
      ];
    case "tool-call":
      return ["", ...piecesOf(argumentsOf(item))].map((partial) => ({
        type: "input_json_delta",
        partial_json: partial,
      }));
  }
}
