/** Turns a request into a call that may be made: its model, its bytes and the most it can cost. */
import {
  type ConfiguredModel,
  type DeploymentModels,
  findModel,
} from "#shared/core/models/deployment-models";
import type { WireProtocol } from "#shared/core/models/model";
import { callCeilingMicrousd } from "#shared/core/models/price";
import { parseJsonWithin } from "#shared/pipeline/parse";
import { checkMessages } from "./requests/anthropic.ts";
import {
  type CheckedRequest,
  imageTokensMax,
  inputTokensBound,
} from "./requests/checked-request.ts";
import { isJson, type Json, RequestRefused } from "./requests/fields.ts";
import { checkGemini } from "./requests/gemini.ts";
import { checkChat } from "./requests/openai-chat.ts";
import { checkResponses } from "./requests/openai-responses.ts";

/** A long history with many tool calls has some ten thousand values. */
const valuesMax = 200_000;

/** What a route says about its calls. */
export interface CallKind {
  readonly protocol: WireProtocol;
  readonly kind: "generate" | "count";
  /** The path at the provider, from its base address on. */
  readonly path: (modelId: string) => string;
  /** Gemini has model and way of answering in its path; null for the others. */
  readonly stated: { readonly modelName: string; readonly isStream: boolean } | null;
}

export interface CheckedCall extends Omit<CheckedRequest, "body" | "modelName"> {
  readonly protocol: WireProtocol;
  readonly kind: "generate" | "count";
  readonly model: ConfiguredModel;
  readonly path: string;
  /** What is sent: exactly what was checked, so that no two readers of it can disagree. */
  readonly body: Buffer;
  readonly ceilingMicrousd: number;
}

/** @throws {RequestRefused}, {ApiError} for a body that isn't JSON or is too large. */
export function checkCall(
  bytes: Buffer,
  call: CallKind,
  deployment: DeploymentModels,
): CheckedCall {
  const parsed = parseJsonWithin(bytes, valuesMax);
  if (!isJson(parsed)) throw new RequestRefused("The body must be a JSON object.");
  const checked = checkRequest(parsed, call);
  const model = requireModel(deployment, checked.modelName, call.protocol);
  const body = call.stated ? checked.body : { ...checked.body, model: model.providerModelId };
  const sent = Buffer.from(JSON.stringify(body));
  const { protocol, kind } = call;
  const path = call.path(model.providerModelId);
  return {
    ...checked,
    protocol,
    kind,
    model,
    path,
    body: sent,
    ...ceilingOf(checked, model, sent),
  };

  function ceilingOf(request: CheckedRequest, { prices }: ConfiguredModel, { length }: Buffer) {
    const perImage = imageTokensMax[protocol];
    const outputTokens = request.outputTokensMax ?? model.outputTokensMax;
    const ceiling = callCeilingMicrousd(prices, {
      inputTokensMax: inputTokensBound(length, request.images, perImage),
      outputTokensMax: outputTokens * request.answers,
      cacheWrites: request.cacheWrites,
    });
    // Every call holds something, so that an execution that makes calls always has a meter.
    // A limit beyond what numbers hold exactly is more than any deployment allows for one call.
    return { ceilingMicrousd: Math.min(Math.max(1, ceiling), Number.MAX_SAFE_INTEGER) };
  }
}

function checkRequest(body: Json, { protocol, kind, stated }: CallKind): CheckedRequest {
  switch (protocol) {
    case "anthropic-messages":
      return checkMessages(body, kind);
    case "openai-chat":
      return checkChat(body);
    case "openai-responses":
      return checkResponses(body);
    case "gemini": {
      const { modelName, isStream } = stated ?? { modelName: "", isStream: false };
      return checkGemini(body, { modelName, isStream, kind });
    }
  }
}

function requireModel(
  deployment: DeploymentModels,
  name: string,
  protocol: WireProtocol,
): ConfiguredModel {
  const found = findModel(deployment, name);
  if (!("id" in found)) {
    const missing = found.type === "no-provider" ? `; it has no key for ${found.provider}` : "";
    throw new RequestRefused(`This deployment doesn't offer that model${missing}.`);
  }
  if (found.protocols.includes(protocol)) return found;
  const ways = found.protocols.join(" or ");
  throw new RequestRefused(`That model is called as ${ways}, not as ${protocol}.`);
}
