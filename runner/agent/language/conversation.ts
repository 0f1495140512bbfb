/** The one form of a conversation with a language model. Each wire translates it. */

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  /** The provider's proof of its own text; goes back unchanged. */
  readonly signature?: string;
}

export interface ImagePart {
  readonly type: "image";
  readonly mediaType: "image/png" | "image/jpeg";
  readonly base64: string;
}

/** What the model thought. Providers want it back unchanged, with their proof of it. */
export interface ThinkingPart {
  readonly type: "thinking";
  readonly text: string;
  readonly id?: string;
  readonly signature?: string;
  /** The provider's encrypted form, which says more than the text. */
  readonly sealed?: string;
}

export interface ToolCallPart {
  readonly type: "tool_call";
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: usually JSON. */
  readonly arguments: string;
  readonly signature?: string;
}

export interface ToolResultPart {
  readonly type: "tool_result";
  readonly callId: string;
  readonly name: string;
  readonly content: readonly (TextPart | ImagePart)[];
  readonly isError: boolean;
}

export type UserPart = TextPart | ImagePart | ToolResultPart;
export type AssistantPart = TextPart | ThinkingPart | ToolCallPart;

export type Message =
  | { readonly role: "user"; readonly parts: readonly UserPart[] }
  | { readonly role: "assistant"; readonly parts: readonly AssistantPart[] };

/** A tool as the model sees it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly parameters: object;
}

/** Tokens of one call, as the provider reports them; `input` includes what a cache served. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/**
 * Why the model stopped: `miscalled` if it wrote a call that the provider couldn't read, `cut` if
 * the provider never said why.
 */
export type TurnEnd = "done" | "tools" | "length" | "refused" | "miscalled" | "cut";

/** The model's answer to one request. */
export interface Turn {
  readonly parts: readonly AssistantPart[];
  readonly end: TurnEnd;
  readonly usage: Usage;
}

export function userText(text: string): Message {
  return { role: "user", parts: [{ type: "text", text }] };
}

/** What a turn says, without its thoughts. */
export function textOf(parts: readonly AssistantPart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

export function callsOf(parts: readonly AssistantPart[]): ToolCallPart[] {
  return parts.filter((part) => part.type === "tool_call");
}
