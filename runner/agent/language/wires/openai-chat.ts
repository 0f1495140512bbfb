/** OpenAI's Chat Completions, as OpenAI and compatible servers speak it. */
import { wellFormedJson } from "#shared/core/well-formed-json";
import type { AssistantPart, Message, Turn, TurnEnd, UserPart } from "../conversation.ts";
import { callsOf, textOf } from "../conversation.ts";
import { faultInStream } from "../provider-fault.ts";
import {
  AnswerRoom,
  at,
  countAt,
  listAt,
  type ModelRequest,
  openaiEffort,
  parseData,
  type TurnListener,
  type TurnReader,
  textAt,
  validArguments,
  type Wire,
} from "./wire.ts";

export const openaiChat: Wire = {
  path: () => "/v1/chat/completions",
  headers: (token) => ({ authorization: `Bearer ${token}` }),
  body: (request) =>
    wellFormedJson({
      model: request.model,
      stream: true,
      stream_options: { include_usage: true },
      ...outputLimit(request),
      // An empty list is refused.
      ...(request.tools.length > 0 && {
        tools: request.tools.map(({ name, description, parameters }) => ({
          type: "function",
          function: { name, description, parameters },
        })),
      }),
      messages: [
        { role: "system", content: request.system },
        ...request.messages.flatMap(toMessages),
      ],
    }),
  reader: (listener) => new Reader(listener),
};

/** Compatible servers know the older name, and OpenAI's reasoning models refuse it. */
function outputLimit({ model, effort, outputTokensMax }: ModelRequest): object {
  const isNewer = effort !== null || /^(o\d|gpt-[5-9])/.test(model);
  if (!isNewer) return { max_tokens: outputTokensMax };
  const reasoning = effort === null ? {} : { reasoning_effort: openaiEffort(model, effort) };
  return { max_completion_tokens: outputTokensMax, ...reasoning };
}

function toMessages(message: Message): object[] {
  if (message.role === "assistant") return toAssistant(message.parts);
  const results = message.parts.flatMap((part) => (part.type === "tool_result" ? [part] : []));
  const rest = message.parts.filter((part) => part.type !== "tool_result");
  // A tool's message holds text alone, so images follow as the user's.
  const images = results.flatMap(({ content }) => content.filter(({ type }) => type === "image"));
  const content = [...images, ...rest].flatMap(toContent);
  return [
    ...results.map(({ callId, content: inner }) => ({
      role: "tool",
      tool_call_id: callId,
      content: inner.map((part) => (part.type === "text" ? part.text : "[an image]")).join("\n"),
    })),
    ...(content.length === 0 ? [] : [{ role: "user", content }]),
  ];
}

function toContent(part: UserPart): object[] {
  if (part.type === "text") return [{ type: "text", text: part.text }];
  if (part.type !== "image") return [];
  const url = `data:${part.mediaType};base64,${part.base64}`;
  return [{ type: "image_url", image_url: { url } }];
}

function toAssistant(parts: readonly AssistantPart[]): object[] {
  const text = textOf(parts);
  const calls = callsOf(parts).map(({ id, name, arguments: given }) => ({
    id,
    type: "function",
    function: { name, arguments: validArguments(given) },
  }));
  if (text === "" && calls.length === 0) return [];
  const called = calls.length === 0 ? {} : { tool_calls: calls };
  return [{ role: "assistant", content: text === "" ? null : text, ...called }];
}

const ends = new Map<string, TurnEnd>([
  ["stop", "done"],
  ["tool_calls", "tools"],
  ["function_call", "tools"],
  ["length", "length"],
  ["content_filter", "refused"],
]);

class Reader implements TurnReader {
  readonly #listener: TurnListener;
  readonly #calls = new Map<number, { id: string; name: string; arguments: string }>();
  /** Where the newest call is that the server gives a number. */
  readonly #places = new Map<number, number>();
  readonly #room = new AnswerRoom();
  #behindAll = 0;
  #text = "";
  #thinking = "";
  #end: TurnEnd = "cut";
  #usage: unknown;

  constructor(listener: TurnListener) {
    this.#listener = listener;
  }

  read({ data }: { readonly data: string }): void {
    if (data.trim() === "[DONE]") return;
    const body = parseData(data);
    const error = at(body, "error");
    if (error !== undefined && error !== null) {
      throw faultInStream(
        textAt(error, "message"),
        `${textAt(error, "type")} ${textAt(error, "code")}`,
      );
    }
    if (typeof at(body, "usage", "prompt_tokens") === "number") this.#usage = at(body, "usage");
    const choice = at(body, "choices", 0);
    if (choice === undefined) return;
    this.#add(at(choice, "delta"));
    const finish = textAt(choice, "finish_reason");
    if (finish !== "") this.#end = ends.get(finish) ?? "done";
  }

  turn(): Turn {
    const calls = [...this.#calls].sort(([first], [second]) => first - second);
    const parts: AssistantPart[] = [];
    if (this.#thinking !== "") parts.push({ type: "thinking", text: this.#thinking });
    if (this.#text !== "") parts.push({ type: "text", text: this.#text });
    for (const [index, { id, name, arguments: text }] of calls) {
      parts.push({ type: "tool_call", id: id || `call_${index}`, name, arguments: text || "{}" });
    }
    // Some servers say "stop" though they call.
    const isCalling = calls.length > 0 && this.#end === "done";
    return { parts, end: isCalling ? "tools" : this.#end, usage: this.#counts() };
  }

  #add(delta: unknown): void {
    const text = textAt(delta, "content") + textAt(delta, "refusal");
    // Compatible servers show thoughts under one of two names.
    const thinking = textAt(delta, "reasoning_content") || textAt(delta, "reasoning");
    this.#text += this.#room.take(text);
    this.#thinking += this.#room.take(thinking);
    if (text !== "") this.#listener.text(text);
    if (thinking !== "") this.#listener.thinking(thinking);
    for (const piece of listAt(delta, "tool_calls")) this.#addCall(piece);
  }

  #addCall(piece: unknown): void {
    const id = this.#room.take(textAt(piece, "id"));
    const said = countAt(piece, "index");
    let index = this.#places.get(said) ?? this.#freePlace(said);
    const before = this.#calls.get(index);
    // Some servers number no calls, so another id means another call, and the pieces after it too.
    if (id !== "" && before !== undefined && before.id !== id) index = this.#freePlace(said);
    if (!this.#calls.has(index)) this.#room.takePart();
    this.#places.set(said, index);
    this.#behindAll = Math.max(this.#behindAll, index + 1);
    const call = this.#calls.get(index) ?? { id: "", name: "", arguments: "" };
    this.#calls.set(index, {
      id: id || call.id,
      name: call.name + this.#room.take(textAt(piece, "function", "name")),
      arguments: call.arguments + this.#room.take(textAt(piece, "function", "arguments")),
    });
  }

  #freePlace(said: number): number {
    return this.#calls.has(said) ? this.#behindAll : said;
  }

  #counts(): Turn["usage"] {
    return {
      input: countAt(this.#usage, "prompt_tokens"),
      output: countAt(this.#usage, "completion_tokens"),
      cacheRead: countAt(this.#usage, "prompt_tokens_details", "cached_tokens"),
      cacheWrite: 0,
    };
  }
}
