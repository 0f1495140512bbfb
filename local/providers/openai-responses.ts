import { openaiErrorBody, openaiHeaders } from "./openai-errors.ts";
import { parseResponsesRequest } from "./openai-responses-request.ts";
import { type PromptCache, promptBlock } from "./prompt-cache.ts";
import { argumentsOf, type FinishedTurn, piecesOf } from "./turn.ts";
import type { AcceptedCall, SseEvent, UsageChange, WireProtocol } from "./wire-protocol.ts";

/** OpenAI's Responses API. */
export function openaiResponses(cache: PromptCache): WireProtocol {
  return {
    name: "openai-responses",
    accept(call) {
      const body = parseResponsesRequest(call);
      const input = typeof body.input === "string" ? [body.input] : body.input;
      const blocks = [...(body.tools ?? []), body.instructions ?? "", ...input];
      return {
        kind: "generate",
        model: body.model,
        isStream: body.stream === true,
        body: { ...body },
        outputTokensMax: body.max_output_tokens ?? 16_384,
        input: cache.readImplicit(
          body.model,
          blocks.map((each) => promptBlock(each)),
        ),
      };
    },
    answer: (call, turn, changeUsage) => finishedResponse(call, turn, changeUsage),
    events: responseEvents,
    count: () => ({}),
    errorBody: openaiErrorBody,
    errorEvent: () =>
      named({
        ...{ type: "error", code: "server_error", message: "The server had an error." },
        ...{ param: null, sequence_number: 0 },
      }),
    textEvent: (text) =>
      named({
        ...{ type: "response.output_text.delta", item_id: "msg_long", output_index: 0 },
        ...{ content_index: 0, delta: text, logprobs: [], sequence_number: 0 },
      }),
    extraHeaders: openaiHeaders,
  };
}

function named(body: { type: string }): SseEvent {
  return { event: body.type, data: JSON.stringify(body) };
}

function startedResponse(call: AcceptedCall) {
  const { body } = call;
  return {
    id: `resp_${crypto.randomUUID().replaceAll("-", "")}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    status: "in_progress",
    background: false,
    error: null as object | null,
    incomplete_details: null as object | null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model: call.model,
    output: [] as object[],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: body.reasoning ?? { effort: null, summary: null },
    service_tier: "default",
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? "disabled",
    usage: null as object | null,
    user: null,
    metadata: body.metadata ?? {},
  };
}

function finishedResponse(call: AcceptedCall, turn: FinishedTurn, changeUsage: UsageChange) {
  const started = startedResponse(call);
  const usage = changeUsage(usageOf(turn));
  const isCut = turn.stop === "max-tokens";
  return {
    ...started,
    status: isCut ? "incomplete" : "completed",
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    output: turn.items.map((item) => outputItem(call, item, isCut ? "incomplete" : "completed")),
    usage: usage ?? null,
  };
}

function usageOf({ usage }: FinishedTurn): object {
  const input = usage.uncachedInputTokens + usage.cacheReadTokens;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheReadTokens, cache_write_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.thinkingTokens },
    total_tokens: input + usage.outputTokens,
  };
}

type Item = FinishedTurn["items"][number];

function outputItem(call: AcceptedCall, item: Item, status: string): object {
  switch (item.kind) {
    case "text":
      return {
        ...{ id: `msg_${item.id}`, type: "message", status, role: "assistant" },
        content: [{ type: "output_text", annotations: [], logprobs: [], text: item.text }],
      };
    case "thinking": {
      const { include } = call.body;
      const isAsked = Array.isArray(include) && include.includes("reasoning.encrypted_content");
      return {
        ...{ id: `rs_${item.id}`, type: "reasoning" },
        summary: [{ type: "summary_text", text: item.text }],
        ...(isAsked && { encrypted_content: Buffer.from(item.text).toString("base64") }),
      };
    }
    case "tool-call":
      return {
        ...{ id: `fc_${item.id}`, type: "function_call", status, name: item.name },
        ...{ call_id: callId(item.id), arguments: argumentsOf(item) },
      };
  }
}

const callId = (id: string) => (id.startsWith("call_") ? id : `call_${id}`);

function responseEvents(
  call: AcceptedCall,
  turn: FinishedTurn,
  changeUsage: UsageChange,
): SseEvent[] {
  const finished = finishedResponse(call, turn, changeUsage);
  const started = { ...startedResponse(call), id: finished.id };
  const bodies: { type: string }[] = [
    { type: "response.created", ...{ response: started } },
    { type: "response.in_progress", ...{ response: started } },
  ];
  for (const [index, item] of turn.items.entries()) {
    bodies.push(...itemEvents(call, item, index));
  }
  const type = turn.stop === "max-tokens" ? "response.incomplete" : "response.completed";
  bodies.push({ type, ...{ response: finished } });
  return bodies.map((body, sequence) => named({ ...body, ...{ sequence_number: sequence } }));
}

function itemEvents(call: AcceptedCall, item: Item, index: number): { type: string }[] {
  const done = outputItem(call, item, "completed");
  const id: unknown = Reflect.get(done, "id");
  const where = { item_id: id, output_index: index };
  return [
    { type: "response.output_item.added", ...{ output_index: index, item: emptied(done) } },
    ...contentEvents(item, where),
    { type: "response.output_item.done", ...{ output_index: index, item: done } },
  ];
}

function emptied(item: object): object {
  const empty = { ...item, status: "in_progress" };
  if ("content" in item) return { ...empty, content: [] };
  if ("summary" in item) return { ...item, summary: [] };
  return { ...empty, arguments: "" };
}

function contentEvents(item: Item, where: object): { type: string }[] {
  if (item.kind === "tool-call") {
    const text = argumentsOf(item);
    return [
      ...piecesOf(text).map((delta) => ({
        type: "response.function_call_arguments.delta",
        ...where,
        delta,
      })),
      { type: "response.function_call_arguments.done", ...where, ...{ arguments: text } },
    ];
  }
  const { text } = item;
  if (item.kind === "thinking") {
    const summary = { ...where, summary_index: 0 };
    const part = { type: "summary_text", text };
    const kind = "response.reasoning_summary";
    return [
      { type: `${kind}_part.added`, ...summary, ...{ part: { ...part, text: "" } } },
      ...piecesOf(text).map((delta) => ({ type: `${kind}_text.delta`, ...summary, delta })),
      { type: `${kind}_text.done`, ...summary, ...{ text } },
      { type: `${kind}_part.done`, ...summary, ...{ part } },
    ];
  }
  const content = { ...where, content_index: 0 };
  const part = { type: "output_text", annotations: [], logprobs: [], text };
  return [
    { type: "response.content_part.added", ...content, ...{ part: { ...part, text: "" } } },
    ...piecesOf(text).map((delta) => ({
      type: "response.output_text.delta",
      ...content,
      ...{ delta, logprobs: [] },
    })),
    { type: "response.output_text.done", ...content, ...{ text, logprobs: [] } },
    { type: "response.content_part.done", ...content, ...{ part } },
  ];
}
