import * as z from "zod";
import { deploymentLimits, deploymentModels, gatewayKeys, providerKeys } from "#shared/config";
import { noParams, noQuery } from "#shared/contract/common";
import type { WireProtocol } from "#shared/core/models/model";
import { ApiError } from "#shared/errors/api-error";
import { depsForClient } from "#shared/pipeline/deps-for-client";
import { bodyBytesOf, readBytes } from "#shared/pipeline/parse";
import { action, type Deps, query, type Reply } from "#shared/pipeline/route";
import { callRequests } from "./call-memory.ts";
import { type CallKind, type CheckedCall, checkCall } from "./checked-call.ts";
import { ModelGateway } from "./model-gateway.ts";
import { type Refusal, refusalReply } from "./provider-errors.ts";
import { relayUntilTaken } from "./relay-until-taken.ts";
import { RequestRefused } from "./requests/fields.ts";

/** Images in a request make it large. */
const bodyBytesMax = 16 * 1024 * 1024;

const shared = {
  authenticate: "model",
  scope: "none",
  body: "raw",
  bodyBytesMax,
  requestClass: "none",
  beforeConfirmed: "nothing",
  reply: { 200: "stream" },
  read: "nothing",
} as const;

let known: ModelGateway | undefined;

function gatewayOf(deps: Deps): ModelGateway {
  const { models: limits } = deploymentLimits();
  const settings = {
    deployment: deploymentModels(),
    limits,
    keys: providerKeys,
    signingKeys: gatewayKeys,
  };
  // It outlives this request, whose client's leaving mustn't end the reads of later ones.
  known ??= new ModelGateway(depsForClient(deps, new AbortController().signal), settings);
  return known;
}

interface RouteOptions<P, Q> {
  readonly endpoint: `POST /${string}`;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  readonly protocol: WireProtocol;
  readonly kindOf: (params: P) => CallKind;
}

function callRoute<P, Q>({ protocol, kindOf, ...stated }: RouteOptions<P, Q>) {
  return action({
    ...shared,
    ...stated,
    perform: async ({ caller, params, raw, request, deps }) => {
      let leave = () => {};
      try {
        const gateway = gatewayOf(deps);
        const given = new AbortController();
        const place = callRequests.take(
          {
            ownerId: caller.owner.id,
            turn: [caller.claims.executionId],
            bytesMax: bodyBytesOf(raw, bodyBytesMax),
          },
          (refusal) => given.abort(refusal),
        );
        leave = place.leave;
        const bytes = await readBytes(raw, bodyBytesMax, given.signal);
        place.arrived();
        const call = checkCall(bytes, kindOf(params), gateway.deployment);
        const asked = {
          execution: { owner: caller.owner, claims: caller.claims },
          call,
          idempotencyKey: request.idempotencyKey,
          rawHeaders: raw.rawHeaders,
        };
        const making = call.kind === "count" ? gateway.countTokens(asked) : gateway.call(asked);
        return untilAnswered(await making, leave);
      } catch (error) {
        leave();
        const refusal = asRefusal(error);
        if (refusal) return refusalReply(protocol, refusal);
        throw error;
      }
    },
  });
}

/** Gives the room of a call's request back once its answer was taken, or its reader is gone. */
function untilAnswered(reply: Reply, leave: () => void): Reply {
  if ("relay" in reply) return relayUntilTaken(reply.relay, leave);
  leave();
  return reply;
}

/** The clients of providers read only what looks like their provider's refusals. */
function asRefusal(error: unknown): Refusal | null {
  if (error instanceof RequestRefused) {
    return { status: 400, message: error.sentence, retryAfterS: null };
  }
  if (!(error instanceof ApiError)) return null;
  const { status, message } = error;
  if (status !== 400 && status !== 413 && status !== 429 && status !== 503) return null;
  return { status, message, retryAfterS: status >= 429 ? 1 : null };
}

const kind = (protocol: WireProtocol, path: string, asked: CheckedCall["kind"] = "generate") => ({
  protocol,
  kindOf: (): CallKind => ({ protocol, kind: asked, path: () => path, stated: null }),
});

const plain = { params: noParams, query: noQuery };

export const messages = callRoute({
  ...plain,
  ...kind("anthropic-messages", "/v1/messages"),
  endpoint: "POST /internal/models/anthropic/v1/messages",
  summary: "Call a model by Anthropic's Messages API.",
  // Anthropic's client names the beta version of the path.
  query: z.object({ beta: z.literal("true").optional() }),
});

export const messageTokens = callRoute({
  ...plain,
  ...kind("anthropic-messages", "/v1/messages/count_tokens", "count"),
  endpoint: "POST /internal/models/anthropic/v1/messages/count_tokens",
  summary: "Count the tokens of a request to Anthropic's Messages API; free.",
  query: z.object({ beta: z.literal("true").optional() }),
});

export const chatCompletions = callRoute({
  ...plain,
  ...kind("openai-chat", "/v1/chat/completions"),
  endpoint: "POST /internal/models/openai/v1/chat/completions",
  summary: "Call a model by OpenAI's Chat Completions API.",
});

export const responses = callRoute({
  ...plain,
  ...kind("openai-responses", "/v1/responses"),
  endpoint: "POST /internal/models/openai/v1/responses",
  summary: "Call a model by OpenAI's Responses API.",
});

/** As in Google's addresses: a model and what to do with it. */
const geminiCall = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}:(?:generateContent|streamGenerateContent|countTokens)$/,
  );

export const generateContent = callRoute({
  endpoint: "POST /internal/models/gemini/:version/models/:call",
  summary:
    "Call a model by Gemini's generateContent or its stream, or count tokens, which is free.",
  params: z.object({ version: z.enum(["v1", "v1beta"]), call: geminiCall }),
  query: z.object({ alt: z.literal("sse").optional() }),
  protocol: "gemini",
  kindOf({ version, call }) {
    const [modelName = "", method = ""] = call.split(":");
    const isStream = method === "streamGenerateContent";
    return {
      protocol: "gemini",
      kind: method === "countTokens" ? "count" : "generate",
      path: (modelId) => `/${version}/models/${modelId}:${method}${isStream ? "?alt=sse" : ""}`,
      stated: { modelName, isStream },
    };
  },
});

/** WebSockets would carry calls that can't be told apart, so that none could be held money for. */
export const refuseWebSocket = query({
  ...shared,
  endpoint: "GET /internal/models/openai/v1/responses",
  summary: "Refuses WebSockets with a sentence.",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  reply: { 426: z.object({ error: z.object({ message: z.string() }) }) },
  answer: () =>
    refusalReply("openai-responses", {
      status: 426,
      message: "WebSockets aren't carried here. Send each request as a POST to this path.",
      retryAfterS: null,
    }),
});
