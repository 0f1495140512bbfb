import type { CheckedRequest } from "./checked-request.ts";
import {
  elements,
  isJson,
  type Json,
  RequestRefused,
  refuseKind,
  requireDataUrl,
  requireJson,
  requireLowerCase,
  requireOnly,
  requireText,
  wholeNumber,
} from "./fields.ts";

/**
 * Left out are searches, audio, predictions (their rejected tokens cost, too), service tiers, and
 * what makes the provider store the call.
 */
const fields = new Set([
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "max_completion_tokens",
  "max_tokens",
  "messages",
  "model",
  "n",
  "parallel_tool_calls",
  "presence_penalty",
  "prompt_cache_key",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "seed",
  "stop",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "user",
  "verbosity",
]);
const messageFields = new Set([
  "annotations",
  "content",
  "name",
  "reasoning_content",
  "refusal",
  "role",
  "tool_call_id",
  "tool_calls",
]);
const streamFields = new Set(["include_usage", "include_obfuscation"]);
const toolTypes = new Set(["function", "custom"]);
/** A server may look at any field that it knows, whatever the part's type is. */
const partFields: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["type", "text"]),
  refusal: new Set(["type", "refusal"]),
  image_url: new Set(["type", "image_url"]),
};
const imageFields = new Set(["url", "detail"]);

/** @throws {RequestRefused} */
export function checkChat(body: Json): CheckedRequest {
  requireOnly(body, "", fields);
  if (body.store === true) refuseKind("store", "true");
  for (const [index, tool] of elements(body.tools, "tools").entries()) {
    const isClients = typeof tool.type === "string" && toolTypes.has(tool.type);
    if (!isClients) refuseKind(`tools.${index}`, tool.type);
    requireLowerCase(tool, `tools.${index}`);
  }
  let images = 0;
  for (const [index, message] of elements(body.messages, "messages").entries()) {
    requireOnly(message, `messages.${index}`, messageFields);
    images += checkParts(message.content, `messages.${index}.content`);
  }
  const isStream = body.stream === true;
  const options = body.stream_options ?? null;
  if (options !== null) {
    requireOnly(requireJson(options, "stream_options"), "stream_options", streamFields);
    if (!isStream) throw new RequestRefused("stream_options needs stream: true.");
  }
  const asksUsage = isJson(options) && options.include_usage === true;
  const withUsage = { ...(isJson(options) ? options : {}), include_usage: true };
  // Which of the two a server obeys depends on its age, so the larger one counts.
  const limits = [
    wholeNumber(body.max_completion_tokens, "max_completion_tokens"),
    wholeNumber(body.max_tokens, "max_tokens"),
  ].filter((limit) => limit !== null);
  return {
    modelName: requireText(body.model, "model"),
    body: isStream && !asksUsage ? { ...body, stream_options: withUsage } : body,
    isStream,
    outputTokensMax: limits.length === 0 ? null : Math.max(...limits),
    answers: wholeNumber(body.n, "n") ?? 1,
    images,
    // OpenAI writes its cache unasked; models whose writes cost say so in their prices.
    cacheWrites: "5m",
    hidesUsage: isStream && !asksUsage,
  };
}

function checkParts(content: unknown, where: string): number {
  let images = 0;
  for (const [index, part] of elements(content, where).entries()) {
    const path = `${where}.${index}`;
    const { type } = part;
    const allowed =
      typeof type === "string" && Object.hasOwn(partFields, type) ? partFields[type] : undefined;
    if (!allowed) refuseKind(path, type);
    requireOnly(part, path, allowed);
    if (type !== "image_url") continue;
    const image = requireJson(part.image_url, `${path}.image_url`);
    requireOnly(image, `${path}.image_url`, imageFields);
    requireDataUrl(image.url, `${path}.image_url.url`);
    images += 1;
  }
  return images;
}
