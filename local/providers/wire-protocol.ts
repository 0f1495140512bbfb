import type { IncomingHttpHeaders } from "node:http";
import type { FinishedTurn, TurnUsage } from "./turn.ts";

/** A request as it arrived, before any provider's rules. */
export interface RawCall {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON. */
  readonly body: unknown;
  /** The keys that the provider accepts. */
  readonly keys: ReadonlySet<string>;
}

/** A request that the provider accepts. */
export interface AcceptedCall {
  /** `count` asks only how many tokens the request has. */
  readonly kind: "generate" | "count";
  readonly model: string;
  readonly isStream: boolean;
  readonly body: Record<string, unknown>;
  readonly outputTokensMax: number;
  readonly input: Omit<TurnUsage, "outputTokens" | "thinkingTokens">;
}

export interface SseEvent {
  readonly event?: string;
  /** Goes over the wire as it is. */
  readonly data: string;
}

/** Replaces the usage object of an answer; undefined leaves it out. */
export type UsageChange = (usage: object) => object | undefined;

/** One provider's wire format. */
export interface WireProtocol {
  readonly name: "anthropic-messages" | "openai-chat" | "openai-responses" | "gemini";
  /** @throws {ProviderRefusal} as the provider refuses it. */
  accept(call: RawCall): AcceptedCall;
  /** The complete answer, in one piece. */
  answer(call: AcceptedCall, turn: FinishedTurn, changeUsage: UsageChange): object;
  events(call: AcceptedCall, turn: FinishedTurn, changeUsage: UsageChange): SseEvent[];
  count(call: AcceptedCall): object;
  errorBody(status: number, message: string, code?: string): object;
  /** The event that ends a stream with an error. */
  errorEvent(): SseEvent;
  /** An event that carries a piece of text. */
  textEvent(text: string): SseEvent;
  readonly extraHeaders: (call: AcceptedCall | null) => Readonly<Record<string, string>>;
}

/** A request that the provider refuses. */
export class ProviderRefusal extends Error {
  override readonly name = "ProviderRefusal";
  readonly status: number;
  readonly code: string | undefined;
  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const invalid = (message: string, code?: string) => new ProviderRefusal(400, message, code);
