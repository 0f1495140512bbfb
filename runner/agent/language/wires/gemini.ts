/** Gemini's `v1beta`, streamed as events. */
import { wellFormedJson } from "#shared/core/well-formed-json";
import type { AssistantPart, Message, Turn, TurnEnd, UserPart } from "../conversation.ts";
import { faultInStream } from "../provider-fault.ts";
import {
  AnswerRoom,
  argumentsObject,
  at,
  countAt,
  type Effort,
  listAt,
  type ModelRequest,
  parseData,
  type TurnListener,
  type TurnReader,
  textAt,
  type Wire,
} from "./wire.ts";

const thinkingBudgets: Readonly<Record<Effort, number>> = {
  minimal: 512,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
};

export const gemini: Wire = {
  path: (model) => `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
  // The gateway reads one of them, and the provider's own servers the other.
  headers: (token) => ({ "x-goog-api-key": token, authorization: `Bearer ${token}` }),
  body: (request) =>
    wellFormedJson({
      generationConfig: {
        maxOutputTokens: request.outputTokensMax,
        ...reasoning(request),
      },
      ...(request.tools.length > 0 && {
        tools: [
          {
            functionDeclarations: request.tools.map(({ name, description, parameters }) => ({
              name,
              description,
              parametersJsonSchema: parameters,
            })),
          },
        ],
      }),
      systemInstruction: { parts: [{ text: request.system }] },
      contents: request.messages.flatMap(toContent),
    }),
  reader: (listener) => new Reader(listener),
};

/** The third generation takes levels, the second budgets. */
function reasoning({ model, effort }: ModelRequest): object {
  if (effort === null) return {};
  const size = /gemini-2/.test(model)
    ? { thinkingBudget: thinkingBudgets[effort] }
    : { thinkingLevel: effort === "high" || effort === "medium" ? "high" : "low" };
  return { thinkingConfig: { includeThoughts: true, ...size } };
}

function toContent(message: Message): object[] {
  const parts =
    message.role === "user"
      ? message.parts.flatMap(toUserPart)
      : message.parts.flatMap(toModelPart);
  const role = message.role === "user" ? "user" : "model";
  return parts.length === 0 ? [] : [{ role, parts }];
}

function toUserPart(part: UserPart): object[] {
  if (part.type === "text") return [{ text: part.text }];
  if (part.type === "image") return [toInline(part)];
  const output = part.content.map((inner) => (inner.type === "text" ? inner.text : "")).join("\n");
  const response = part.isError ? { error: output } : { output };
  const images = part.content.flatMap((inner) => (inner.type === "image" ? [toInline(inner)] : []));
  const { callId, name } = part;
  return [{ functionResponse: { id: callId, name, response } }, ...images];
}

function toInline({ mediaType, base64 }: { mediaType: string; base64: string }): object {
  return { inlineData: { mimeType: mediaType, data: base64 } };
}

function toModelPart(part: AssistantPart): object[] {
  const signature = part.signature === undefined ? {} : { thoughtSignature: part.signature };
  if (part.type === "text") return part.text === "" ? [] : [{ text: part.text, ...signature }];
  // Shown thoughts are summaries; what the provider wants back are the signatures of other parts.
  if (part.type === "thinking") return [];
  const { id, name } = part;
  const args = argumentsObject(part.arguments);
  return [{ functionCall: { id, name, args }, ...signature }];
}

const ends = new Map<string, TurnEnd>([
  ["STOP", "done"],
  ["MAX_TOKENS", "length"],
  ["MALFORMED_FUNCTION_CALL", "miscalled"],
  ["UNEXPECTED_TOOL_CALL", "miscalled"],
]);

class Reader implements TurnReader {
  readonly #listener: TurnListener;
  readonly #parts: AssistantPart[] = [];
  readonly #room = new AnswerRoom();
  #end: TurnEnd = "cut";
  #usage: unknown;

  constructor(listener: TurnListener) {
    this.#listener = listener;
  }

  read({ data }: { readonly data: string }): void {
    const body = parseData(data);
    const error = at(body, "error");
    if (error !== undefined) throw faultInStream(textAt(error, "message"), textAt(error, "status"));
    if (at(body, "usageMetadata") !== undefined) this.#usage = at(body, "usageMetadata");
    if (textAt(body, "promptFeedback", "blockReason") !== "") this.#end = "refused";
    const candidate = at(body, "candidates", 0);
    for (const part of listAt(candidate, "content", "parts")) this.#add(part);
    const finish = textAt(candidate, "finishReason");
    if (finish !== "") this.#end = ends.get(finish) ?? "refused";
  }

  turn(): Turn {
    const isCalling = this.#parts.some(({ type }) => type === "tool_call");
    const cacheRead = countAt(this.#usage, "cachedContentTokenCount");
    const thoughts = countAt(this.#usage, "thoughtsTokenCount");
    return {
      parts: this.#parts,
      end: this.#end === "done" && isCalling ? "tools" : this.#end,
      usage: {
        input: countAt(this.#usage, "promptTokenCount"),
        output: countAt(this.#usage, "candidatesTokenCount") + thoughts,
        cacheRead,
        cacheWrite: 0,
      },
    };
  }

  #add(part: unknown): void {
    const signature = this.#room.take(textAt(part, "thoughtSignature"));
    const signed = signature === "" ? {} : { signature };
    const call = at(part, "functionCall");
    if (call !== undefined) {
      this.#room.takePart();
      // Older models give calls no id.
      const id = this.#room.take(textAt(call, "id")) || `call_${this.#parts.length}`;
      const args = this.#room.take(JSON.stringify(at(call, "args") ?? {}));
      const name = this.#room.take(textAt(call, "name"));
      this.#parts.push({ type: "tool_call", id, name, arguments: args, ...signed });
      return;
    }
    const text = this.#room.take(textAt(part, "text"));
    if (text === "" && signature === "") return;
    const type = at(part, "thought") === true ? "thinking" : "text";
    if (type === "text") this.#listener.text(text);
    else this.#listener.thinking(text);
    const last = this.#parts.at(-1);
    const isSame = last?.type === type && last.signature === undefined && signature === "";
    if (isSame) {
      this.#parts[this.#parts.length - 1] = { ...last, text: last.text + text };
      return;
    }
    this.#room.takePart();
    this.#parts.push({ type, text, ...signed });
  }
}
