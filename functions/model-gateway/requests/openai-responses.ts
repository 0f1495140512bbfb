import type { CheckedRequest } from "./checked-request.ts";
import {
  elements,
  type Json,
  RequestRefused,
  refuseKind,
  requireDataUrl,
  requireLowerCase,
  requireOnly,
  requireText,
  wholeNumber,
} from "./fields.ts";

/**
 * Left out is what the provider would run, keep or look up: background mode, conversations, earlier
 * responses, stored prompts, compaction, service tiers, and retention of its cache.
 */
const fields = new Set([
  "client_metadata",
  "include",
  "input",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "model",
  "parallel_tool_calls",
  "prompt_cache_key",
  "reasoning",
  "safety_identifier",
  "store",
  "stream",
  "stream_options",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
]);
const toolTypes = new Set(["function", "custom", "local_shell"]);
const inputTypes = new Set([
  "custom_tool_call",
  "custom_tool_call_output",
  "function_call",
  "function_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "message",
  "reasoning",
]);
const partTypes = new Set<string>([
  ...(["input_text", "output_text", "reasoning_text", "refusal", "summary_text", "text"] as const),
]);
/** A server may look at any field that it knows, whatever the part's type is. */
const textFields = new Set(["type", "text", "refusal", "annotations", "logprobs"]);
const imageFields = new Set(["type", "image_url", "file_id", "detail"]);
/** What may be included besides the answer; the rest belongs to the provider's tools. */
const includable = new Set(["reasoning.encrypted_content", "message.output_text.logprobs"]);

/** @throws {RequestRefused} */
export function checkResponses(body: Json): CheckedRequest {
  requireOnly(body, "", fields);
  // A list here could hold items that are checked nowhere.
  if (body.instructions != null && typeof body.instructions !== "string") {
    throw new RequestRefused("instructions must be a text.");
  }
  if (body.store === true) refuseKind("store", "true");
  for (const each of Array.isArray(body.include) ? body.include : []) {
    if (!includable.has(String(each))) refuseKind("include", each);
  }
  for (const [index, tool] of elements(body.tools, "tools").entries()) {
    const isClients = typeof tool.type === "string" && toolTypes.has(tool.type);
    if (!isClients) refuseKind(`tools.${index}`, tool.type);
    requireLowerCase(tool, `tools.${index}`);
  }
  let images = 0;
  for (const [index, item] of elements(body.input, "input").entries()) {
    const where = `input.${index}`;
    // Without a type, an item with a role is a message; any other one is stored at the provider.
    const type = item.type ?? (typeof item.role === "string" ? "message" : "item_reference");
    if (typeof type !== "string" || !inputTypes.has(type)) refuseKind(where, type);
    requireLowerCase(item, where);
    images += checkParts(item.content, `${where}.content`);
    images += checkParts(item.output, `${where}.output`);
  }
  return {
    modelName: requireText(body.model, "model"),
    body: sentBody(body),
    isStream: body.stream === true,
    outputTokensMax: wholeNumber(body.max_output_tokens, "max_output_tokens"),
    answers: 1,
    images,
    cacheWrites: "5m",
    hidesUsage: false,
  };
}

/**
 * Codex can't be told to leave out what it says about its installation; the provider needs none of
 * it. Responses are stored unless the provider is asked not to.
 */
function sentBody({ client_metadata: _leftOut, ...body }: Json): Json {
  return { ...body, store: false };
}

function checkParts(content: unknown, where: string): number {
  let images = 0;
  for (const [index, part] of elements(content, where).entries()) {
    const path = `${where}.${index}`;
    const isText = partTypes.has(String(part.type));
    if (!isText && part.type !== "input_image") refuseKind(path, part.type);
    requireOnly(part, path, isText ? textFields : imageFields);
    if (isText) continue;
    if (part.file_id != null) refuseKind(`${path}.file_id`, "a stored file");
    requireDataUrl(part.image_url, `${path}.image_url`);
    images += 1;
  }
  return images;
}
