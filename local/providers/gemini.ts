import { type GeminiBody, parseGeminiRequest } from "./gemini-request.ts";
import { type PromptCache, promptBlock } from "./prompt-cache.ts";
import { type FinishedTurn, piecesOf, type StopKind } from "./turn.ts";
import {
  type AcceptedCall,
  ProviderRefusal,
  type SseEvent,
  type UsageChange,
  type WireProtocol,
} from "./wire-protocol.ts";

/** Gemini's `v1` and `v1beta`, alike; streams as events (`alt=sse`) only. */
export function gemini(cache: PromptCache): WireProtocol {
  return {
    name: "gemini",
    accept(call) {
      const [, model = "", method = ""] =
        call.url.pathname.match(/^\/v1(?:beta)?\/models\/([^/]+):([a-zA-Z]+)$/) ?? [];
      const isCount = method === "countTokens";
      const isStream = method === "streamGenerateContent";
      if (!isCount && !isStream && method !== "generateContent") {
        throw new ProviderRefusal(404, `Unknown method ${method}.`);
      }
      if (isStream && call.url.searchParams.get("alt") !== "sse") {
        throw new ProviderRefusal(501, "The local server streams with alt=sse only.");
      }
      const body = parseGeminiRequest(
        isCount ? { ...call, body: counted(call.body) } : call,
        model,
      );
      const blocks = [...(body.tools ?? []), body.systemInstruction ?? "", ...body.contents];
      const prompt = blocks.map((each) => promptBlock(each));
      return {
        kind: isCount ? "count" : "generate",
        model,
        isStream,
        body: { ...body },
        outputTokensMax: body.generationConfig?.maxOutputTokens ?? 65_536,
        input: isCount
          ? new CountOnly(prompt.reduce((sum, block) => sum + block.tokens, 0))
          : cache.readImplicit(model, prompt),
      };
    },
    answer: (call, turn, changeUsage) => ({
      candidates: [candidate(partsOf(call, turn), turn.stop)],
      ...withUsage(changeUsage(usageOf(turn))),
      ...{ modelVersion: call.model, responseId: turn.items[0]?.id ?? "none" },
    }),
    events: geminiEvents,
    count: (call) => ({ totalTokens: call.input.uncachedInputTokens }),
    errorBody: geminiErrorBody,
    errorEvent: () => plain(geminiErrorBody(503, "The model is overloaded.")),
    textEvent: (text) => plain({ candidates: [candidate([{ text }], null)] }),
    extraHeaders: () => ({ "x-gemini-service-tier": "standard" }),
  };
}

class CountOnly {
  readonly cacheReadTokens = 0;
  readonly cacheWrite5mTokens = 0;
  readonly cacheWrite1hTokens = 0;
  readonly uncachedInputTokens: number;
  constructor(tokens: number) {
    this.uncachedInputTokens = tokens;
  }
}

function counted(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const { generateContentRequest } = body as { generateContentRequest?: Record<string, unknown> };
  if (generateContentRequest === undefined) return body;
  const { model: _, ...request } = generateContentRequest;
  return request;
}

const statusNames = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [402, "FAILED_PRECONDITION"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
  [503, "UNAVAILABLE"],
]);

function geminiErrorBody(status: number, message: string, reason?: string): object {
  const type = "type.googleapis.com/google.rpc.ErrorInfo";
  const details = reason === undefined ? {} : { details: [{ "@type": type, reason }] };
  return {
    error: { code: status, message, status: statusNames.get(status) ?? "UNKNOWN", ...details },
  };
}

const plain = (body: object): SseEvent => ({ data: JSON.stringify(body) });

const finishReasons: Readonly<Record<StopKind, string>> = {
  end: "STOP",
  tool: "STOP",
  "max-tokens": "MAX_TOKENS",
  refusal: "SAFETY",
};

function candidate(parts: readonly object[], stop: StopKind | null): object {
  const finish = stop === null ? {} : { finishReason: finishReasons[stop] };
  return { content: { parts, role: "model" }, ...finish, index: 0 };
}

const withUsage = (usage: object | undefined) =>
  usage === undefined ? {} : { usageMetadata: usage };

function usageOf({ usage }: FinishedTurn) {
  const prompt = usage.uncachedInputTokens + usage.cacheReadTokens;
  // What Gemini calls candidates is without the thoughts.
  const candidates = usage.outputTokens - usage.thinkingTokens;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: candidates,
    totalTokenCount: prompt + usage.outputTokens,
    ...(usage.cacheReadTokens > 0 && { cachedContentTokenCount: usage.cacheReadTokens }),
    ...(usage.thinkingTokens > 0 && { thoughtsTokenCount: usage.thinkingTokens }),
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
  };
}

/** A turn's parts; thoughts are shown only if the request asks, and counted either way. */
function partsOf(call: AcceptedCall, turn: FinishedTurn): object[] {
  const body: Partial<GeminiBody> = call.body;
  const showsThoughts = body.generationConfig?.thinkingConfig?.includeThoughts === true;
  let isFirstCall = true;
  return turn.items.flatMap<object>((item) => {
    if (item.kind === "text") return piecesOf(item.text).map((text) => ({ text }));
    if (item.kind === "thinking") return showsThoughts ? [{ text: item.text, thought: true }] : [];
    // If a turn makes several calls, only the first one carries a signature.
    const signature = isFirstCall ? { thoughtSignature: `c2ln${item.id.slice(0, 8)}` } : {};
    isFirstCall = false;
    const functionCall = { id: item.id, name: item.name, args: item.input };
    return [{ functionCall, ...signature }];
  });
}

function geminiEvents(
  call: AcceptedCall,
  turn: FinishedTurn,
  changeUsage: UsageChange,
): SseEvent[] {
  const shared = { modelVersion: call.model, responseId: turn.items[0]?.id ?? "none" };
  const usage = usageOf(turn);
  const parts = partsOf(call, turn);
  const { promptTokenCount, promptTokensDetails } = usage;
  const early = { promptTokenCount, totalTokenCount: promptTokenCount, promptTokensDetails };
  const events = parts.map((part) =>
    plain({ candidates: [candidate([part], null)], ...withUsage(changeUsage(early)), ...shared }),
  );
  events.push(
    plain({
      candidates: [candidate([{ text: "" }], turn.stop)],
      ...withUsage(changeUsage(usage)),
      ...shared,
    }),
  );
  return events;
}
