/** OpenAI's Responses API, without anything stored at the provider. */
import { wellFormedJson } from "#shared/core/well-formed-json";
import type { AssistantPart, Message, Turn, TurnEnd, UserPart } from "../conversation.ts";
import { faultInStream } from "../provider-fault.ts";
import {
  AnswerRoom,
  at,
  countAt,
  listAt,
  openaiEffort,
  parseData,
  type TurnListener,
  type TurnReader,
  textAt,
  validArguments,
  type Wire,
} from "./wire.ts";

export const openaiResponses: Wire = {
  path: () => "/v1/responses",
  headers: (token) => ({ authorization: `Bearer ${token}` }),
  body: ({ effort, ...request }) =>
    wellFormedJson({
      model: request.model,
      stream: true,
      store: false,
      max_output_tokens: request.outputTokensMax,
      parallel_tool_calls: true,
      prompt_cache_key: request.cacheKey,
      ...(effort !== null && {
        reasoning: { effort: openaiEffort(request.model, effort), summary: "auto" },
        include: ["reasoning.encrypted_content"],
      }),
      tools: request.tools.map(({ name, description, parameters }) => ({
        type: "function",
        name,
        description,
        parameters,
        strict: false,
      })),
      instructions: request.system,
      input: request.messages.flatMap(toItems),
    }),
  reader: (listener) => new Reader(listener),
};

function toItems(message: Message): object[] {
  if (message.role === "assistant") return message.parts.flatMap(toOutputItem);
  const items: object[] = message.parts.flatMap((part) => {
    if (part.type !== "tool_result") return [];
    const output = part.content.map((inner) => toContent(inner));
    return [{ type: "function_call_output", call_id: part.callId, output: textOrList(output) }];
  });
  const content = message.parts.flatMap((part) =>
    part.type === "tool_result" ? [] : [toContent(part)],
  );
  return content.length === 0 ? items : [...items, { type: "message", role: "user", content }];
}

/** One text goes as text, which every version of the API takes. */
function textOrList(output: readonly object[]): unknown {
  return output.length === 1 && textAt(output[0], "type") === "input_text"
    ? textAt(output[0], "text")
    : output;
}

function toContent(part: Exclude<UserPart, { type: "tool_result" }>): object {
  if (part.type === "text") return { type: "input_text", text: part.text };
  const url = `data:${part.mediaType};base64,${part.base64}`;
  return { type: "input_image", image_url: url, detail: "auto" };
}

function toOutputItem(part: AssistantPart): object[] {
  if (part.type === "text") {
    const content = [{ type: "output_text", text: part.text, annotations: [] }];
    return part.text === "" ? [] : [{ type: "message", role: "assistant", content }];
  }
  if (part.type === "tool_call") {
    const { id, name } = part;
    const text = validArguments(part.arguments);
    return [{ type: "function_call", call_id: id, name, arguments: text }];
  }
  // Nothing is stored at the provider, so a thought without its encrypted form says nothing there.
  if (part.sealed === undefined || part.id === undefined) return [];
  const summary = part.text === "" ? [] : [{ type: "summary_text", text: part.text }];
  return [{ type: "reasoning", id: part.id, summary, encrypted_content: part.sealed }];
}

class Reader implements TurnReader {
  readonly #listener: TurnListener;
  readonly #items = new Map<number, AssistantPart>();
  readonly #room = new AnswerRoom();
  #response: unknown;
  #end: TurnEnd = "cut";
  #hasRefused: boolean = false;

  constructor(listener: TurnListener) {
    this.#listener = listener;
  }

  read({ data }: { readonly data: string }): void {
    const body = parseData(data);
    const type = textAt(body, "type");
    if (type === "error" || type === "response.failed") throw faultOf(body);
    if (type === "response.output_text.delta") this.#addText(body);
    if (type === "response.refusal.delta") {
      this.#hasRefused = true;
      this.#addText(body);
    }
    if (type === "response.reasoning_summary_text.delta") {
      this.#listener.thinking(this.#room.take(textAt(body, "delta")));
    }
    if (type === "response.output_item.done") this.#finishItem(body);
    if (type === "response.completed" || type === "response.incomplete") this.#finish(body);
  }

  turn(): Turn {
    const items = [...this.#items].sort(([first], [second]) => first - second);
    const parts = items.map(([, part]) => part);
    const usage = at(this.#response, "usage");
    return {
      parts,
      end: this.#end,
      usage: {
        input: countAt(usage, "input_tokens"),
        output: countAt(usage, "output_tokens"),
        cacheRead: countAt(usage, "input_tokens_details", "cached_tokens"),
        cacheWrite: 0,
      },
    };
  }

  /** Kept as it comes, so that a cut stream leaves what was said. */
  #addText(body: unknown): void {
    const piece = this.#room.take(textAt(body, "delta"));
    const index = countAt(body, "output_index");
    const before = this.#items.get(index);
    const text = (before?.type === "text" ? before.text : "") + piece;
    this.#keep(index, { type: "text", text });
    this.#listener.text(piece);
  }

  #finishItem(body: unknown): void {
    const item = at(body, "item");
    const index = countAt(body, "output_index");
    const type = textAt(item, "type");
    if (type === "message") {
      const text = listAt(item, "content").map(
        (part) => textAt(part, "text") + textAt(part, "refusal"),
      );
      const whole = text.join("");
      const before = this.#items.get(index);
      // It repeats what came in pieces.
      this.#room.take(whole.slice(before?.type === "text" ? before.text.length : 0));
      this.#keep(index, { type: "text", text: whole });
    }
    if (type === "function_call") {
      const id = this.#room.take(textAt(item, "call_id"));
      const name = this.#room.take(textAt(item, "name"));
      const text = this.#room.take(textAt(item, "arguments")) || "{}";
      this.#keep(index, { type: "tool_call", id, name, arguments: text });
    }
    if (type !== "reasoning") return;
    const text = listAt(item, "summary").map((part) => textAt(part, "text"));
    const sealed = this.#room.take(textAt(item, "encrypted_content"));
    this.#keep(index, {
      type: "thinking",
      text: this.#room.take(text.join("\n")),
      id: this.#room.take(textAt(item, "id")),
      ...(sealed !== "" && { sealed }),
    });
  }

  #keep(index: number, part: AssistantPart): void {
    if (!this.#items.has(index)) this.#room.takePart();
    this.#items.set(index, part);
  }

  #finish(body: unknown): void {
    this.#response = at(body, "response");
    const why = textAt(this.#response, "incomplete_details", "reason");
    const isCalling = [...this.#items.values()].some(({ type }) => type === "tool_call");
    if (why === "max_output_tokens") this.#end = "length";
    else if (why === "content_filter" || this.#hasRefused) this.#end = "refused";
    else this.#end = isCalling ? "tools" : "done";
  }
}

function faultOf(body: unknown): Error {
  const error = at(body, "response", "error") ?? at(body, "error") ?? body;
  const code = `${textAt(error, "type")} ${textAt(error, "code")}`;
  return faultInStream(textAt(error, "message"), code);
}
