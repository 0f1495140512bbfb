/** Anthropic's Messages API, version 2023-06-01. */
import { wellFormedJson } from "#shared/core/well-formed-json";
import type { AssistantPart, Message, Turn, TurnEnd, UserPart } from "../conversation.ts";
import { faultInStream } from "../provider-fault.ts";
import {
  AnswerRoom,
  argumentsObject,
  at,
  countAt,
  type Effort,
  type ModelRequest,
  parseData,
  type TurnListener,
  type TurnReader,
  textAt,
  type Wire,
} from "./wire.ts";

const mark = { cache_control: { type: "ephemeral" } } as const;
/** These think with a budget; later ones take an effort and decide themselves. */
const budgeted = /claude-(3|sonnet-4-[05]|opus-4-[015]|sonnet-4$|opus-4$|haiku-4)/;
const thinkingTokens: Readonly<Record<Effort, number>> = {
  minimal: 0,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
};

export const anthropicMessages: Wire = {
  path: () => "/v1/messages",
  headers: (token) => ({ "x-api-key": token, "anthropic-version": "2023-06-01" }),
  body: (request) =>
    wellFormedJson({
      model: request.model,
      stream: true,
      ...reasoning(request),
      tools: request.tools.map(({ name, description, parameters }) => ({
        name,
        description,
        input_schema: parameters,
      })),
      system: [{ type: "text", text: request.system, ...mark }],
      messages: markLast(request.messages.flatMap(toMessage)),
    }),
  reader: (listener) => new Reader(listener),
};

/** The provider refuses a smaller budget, and one that leaves no room for an answer. */
const budgetTokensMin = 1_024;

function reasoning(request: ModelRequest): object {
  const { model, effort, outputTokensMax, modelOutputTokensMax } = request;
  if (effort === null || effort === "minimal") return { max_tokens: outputTokensMax };
  if (budgeted.test(model)) {
    const limit = Math.min(outputTokensMax + thinkingTokens[effort], modelOutputTokensMax);
    const budget = Math.min(thinkingTokens[effort], Math.floor(limit / 2));
    if (budget < budgetTokensMin) return { max_tokens: outputTokensMax };
    return { max_tokens: limit, thinking: { type: "enabled", budget_tokens: budget } };
  }
  const thinking = { type: "adaptive", display: "summarized" };
  return { max_tokens: outputTokensMax, thinking, output_config: { effort } };
}

interface WireMessage {
  readonly role: "user" | "assistant";
  readonly content: readonly object[];
}

function toMessage(message: Message): WireMessage[] {
  const content =
    message.role === "user"
      ? message.parts.flatMap(toUserBlock)
      : message.parts.flatMap(toAssistantBlock);
  return content.length === 0 ? [] : [{ role: message.role, content }];
}

function toUserBlock(part: UserPart): object[] {
  if (part.type === "text")
    return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
  if (part.type === "image") {
    const { mediaType, base64 } = part;
    return [{ type: "image", source: { type: "base64", media_type: mediaType, data: base64 } }];
  }
  const { callId, content, isError } = part;
  const inner = content.flatMap(toUserBlock);
  const error = isError ? { is_error: true } : {};
  return [{ type: "tool_result", tool_use_id: callId, content: inner, ...error }];
}

function toAssistantBlock(part: AssistantPart): object[] {
  if (part.type === "text")
    return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
  if (part.type === "tool_call") {
    const { id, name } = part;
    return [{ type: "tool_use", id, name, input: argumentsObject(part.arguments) }];
  }
  if (part.sealed !== undefined) return [{ type: "redacted_thinking", data: part.sealed }];
  // Without the provider's signature, as after a cut stream, it would be refused.
  if (part.signature === undefined) return [];
  return [{ type: "thinking", thinking: part.text, signature: part.signature }];
}

/**
 * Marks the last block of the two last messages of the user. A cache is looked up from each mark
 * over the last 20 blocks, so the older mark finds what the last request wrote.
 */
function markLast(messages: readonly WireMessage[]): readonly WireMessage[] {
  const users = messages.flatMap(({ role }, index) => (role === "user" ? [index] : []));
  const marked = new Set(users.slice(-2));
  return messages.map((message, index) => {
    const last = message.content.at(-1);
    if (!marked.has(index) || last === undefined) return message;
    return { ...message, content: [...message.content.slice(0, -1), { ...last, ...mark }] };
  });
}

const ends = new Map<string, TurnEnd>([
  ["end_turn", "done"],
  ["stop_sequence", "done"],
  ["tool_use", "tools"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["refusal", "refused"],
  ["pause_turn", "done"],
]);

interface Block {
  type: string;
  id: string;
  name: string;
  text: string;
  signature: string;
}

class Reader implements TurnReader {
  readonly #listener: TurnListener;
  readonly #blocks = new Map<number, Block>();
  readonly #room = new AnswerRoom();
  #end: TurnEnd = "cut";
  #usage: unknown;
  #lastUsage: unknown;
  #isOver: boolean = false;

  constructor(listener: TurnListener) {
    this.#listener = listener;
  }

  read({ data }: { readonly data: string }): void {
    const body = parseData(data);
    const type = textAt(body, "type");
    if (type === "error") {
      throw faultInStream(textAt(body, "error", "message"), textAt(body, "error", "type"));
    }
    if (type === "message_start") this.#usage = at(body, "message", "usage");
    if (type === "content_block_start") this.#start(body);
    if (type === "content_block_delta") this.#add(body);
    if (type === "message_delta") {
      this.#lastUsage = at(body, "usage");
      this.#end = ends.get(textAt(body, "delta", "stop_reason")) ?? "done";
    }
    if (type === "message_stop") this.#isOver = true;
  }

  turn(): Turn {
    const blocks = [...this.#blocks].sort(([first], [second]) => first - second);
    return {
      parts: blocks.flatMap(([, block]) => partOf(block)),
      end: this.#isOver ? this.#end : "cut",
      usage: this.#counts(),
    };
  }

  #start(body: unknown): void {
    const block = at(body, "content_block");
    this.#room.takePart();
    this.#blocks.set(countAt(body, "index"), {
      type: textAt(block, "type"),
      id: this.#room.take(textAt(block, "id")),
      name: this.#room.take(textAt(block, "name")),
      text: this.#room.take(textAt(block, "text") + textAt(block, "thinking")),
      signature: this.#room.take(textAt(block, "signature") + textAt(block, "data")),
    });
  }

  #add(body: unknown): void {
    const block = this.#blocks.get(countAt(body, "index"));
    if (block === undefined) return;
    const text = textAt(body, "delta", "text");
    const thinking = textAt(body, "delta", "thinking");
    block.text += this.#room.take(text + thinking + textAt(body, "delta", "partial_json"));
    block.signature += this.#room.take(textAt(body, "delta", "signature"));
    if (text !== "") this.#listener.text(text);
    if (thinking !== "") this.#listener.thinking(thinking);
  }

  /** The counts of the last delta are cumulative: they replace those of the start. */
  #counts(): Turn["usage"] {
    const count = (name: string) => {
      const last = at(this.#lastUsage, name);
      return typeof last === "number" ? countAt(this.#lastUsage, name) : countAt(this.#usage, name);
    };
    const cacheRead = count("cache_read_input_tokens");
    const cacheWrite = count("cache_creation_input_tokens");
    const input = count("input_tokens") + cacheRead + cacheWrite;
    return { input, output: count("output_tokens"), cacheRead, cacheWrite };
  }
}

function partOf({ type, id, name, text, signature }: Block): AssistantPart[] {
  if (type === "text") return text === "" ? [] : [{ type: "text", text }];
  if (type === "tool_use") return [{ type: "tool_call", id, name, arguments: text || "{}" }];
  if (type === "redacted_thinking") return [{ type: "thinking", text: "", sealed: signature }];
  if (type !== "thinking") return [];
  return [{ type: "thinking", text, ...(signature !== "" && { signature }) }];
}
