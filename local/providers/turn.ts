/** What a scripted model says and does, in no provider's form. */

export type TurnItem =
  | { readonly kind: "thinking"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "tool-call";
      readonly name: string;
      readonly input: object;
      /** Sent instead of `input`, to try arguments that aren't JSON. */
      readonly inputText?: string;
      /** Made up unless given. */
      readonly id?: string;
    };

/** Tokens that the provider reports. Input is split by what each part costs. */
export interface TurnUsage {
  readonly uncachedInputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  /** Includes `thinkingTokens`. */
  readonly outputTokens: number;
  readonly thinkingTokens: number;
}

/** One that a test orders for one call. Events are counted as they go over the wire, from zero. */
export type WireFault =
  /** Refuses the call with this status, as the provider does. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number }
  /** Takes the request and sends nothing until the client leaves or the server closes. */
  | { readonly kind: "never-answers" }
  /** Answers 200 with a page of HTML. */
  | { readonly kind: "garbage" }
  /** Destroys the connection. */
  | { readonly kind: "cut"; readonly afterEvents: number }
  /** Sends nothing more, but leaves the connection open. */
  | { readonly kind: "stall"; readonly afterEvents: number }
  /** Sends a line that isn't JSON, then goes on. */
  | { readonly kind: "malformed"; readonly afterEvents: number }
  /** Sends the provider's own error inside the stream and ends it. */
  | { readonly kind: "error-event"; readonly afterEvents: number }
  /** Sends a text of so many bytes in one line, beside what the turn says. */
  | { readonly kind: "long-line"; readonly sizeBytes: number }
  /** Replaces the usage object that goes over the wire; undefined leaves it out. */
  | { readonly kind: "usage"; readonly change: (usage: object) => object | undefined };

export interface ScriptedTurn {
  readonly items: readonly TurnItem[];
  /** Replaces what the server counts. */
  readonly usage?: Partial<TurnUsage>;
  /** Defaults to `tool` if the turn calls one, and to `end` otherwise. */
  readonly stop?: "end" | "tool" | "max-tokens" | "refusal";
  readonly fault?: WireFault;
  /** Awaited before each event of a stream, so that a test can hold it at one. */
  readonly beforeEvent?: (index: number) => Promise<void> | void;
}

export type StopKind = NonNullable<ScriptedTurn["stop"]>;

/** A turn as it is sent: cut to the request's limit, with ids and its usage. */
export interface FinishedTurn {
  readonly items: readonly (TurnItem & { readonly id: string })[];
  readonly stop: StopKind;
  readonly usage: TurnUsage;
}

/** A text of the script as tokens: about four bytes each, which is what English takes. */
export function countTextTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/**
 * Cuts the turn to `outputTokensMax` as a provider does, and completes its usage.
 *
 * @param input how the request's own tokens were counted
 */
export function finishTurn(
  turn: ScriptedTurn,
  limits: { outputTokensMax: number; input: Omit<TurnUsage, "outputTokens" | "thinkingTokens"> },
): FinishedTurn {
  const items: (TurnItem & { id: string })[] = [];
  let left = limits.outputTokensMax;
  let thinkingTokens = 0;
  let isCut = false;
  for (const item of turn.items) {
    const kept = cutItem(item, left);
    if (kept === null) {
      isCut = true;
      break;
    }
    isCut = kept.isCut;
    left -= kept.tokens;
    if (item.kind === "thinking") thinkingTokens += kept.tokens;
    items.push({ ...kept.item, id: idOf(kept.item, items.length) });
    if (isCut) break;
  }
  const hasCall = items.some((item) => item.kind === "tool-call");
  return {
    items,
    stop: isCut ? "max-tokens" : (turn.stop ?? (hasCall ? "tool" : "end")),
    usage: {
      ...limits.input,
      outputTokens: Math.max(1, limits.outputTokensMax - left),
      thinkingTokens,
      ...turn.usage,
    },
  };
}

function cutItem(item: TurnItem, tokensMax: number) {
  if (tokensMax <= 0) return null;
  const text = item.kind === "tool-call" ? argumentsOf(item) : item.text;
  const tokens = countTextTokens(text) + (item.kind === "tool-call" ? 4 : 0);
  if (tokens <= tokensMax) return { item, tokens, isCut: false };
  const kept = text.slice(0, tokensMax * 4);
  const cut = item.kind === "tool-call" ? { ...item, inputText: kept } : { ...item, text: kept };
  return { item: cut, tokens: tokensMax, isCut: true };
}

function idOf(item: TurnItem, index: number): string {
  if (item.kind === "tool-call" && item.id !== undefined) return item.id;
  return `${index}_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
}

/** The JSON text of a call's arguments. */
export function argumentsOf(call: TurnItem & { kind: "tool-call" }): string {
  return call.inputText ?? JSON.stringify(call.input);
}

/** The text in pieces of a few tokens, as streams carry it; no piece splits a character. */
export function piecesOf(text: string): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; start += 16) {
    pieces.push(characters.slice(start, start + 16).join(""));
  }
  return pieces;
}
