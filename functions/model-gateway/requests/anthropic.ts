import type { CheckedRequest } from "./checked-request.ts";
import {
  elements,
  type Json,
  RequestRefused,
  refuseKind,
  requireJson,
  requireLowerCase,
  requireOnly,
  requireText,
  wholeNumber,
} from "./fields.ts";

/**
 * What of the Messages API stays within the call. Left out are tools, files and servers of the
 * provider's, containers, service tiers, regions and speeds, whose prices differ.
 */
const fields = new Set([
  "cache_control",
  "max_tokens",
  "messages",
  "metadata",
  "model",
  "output_config",
  "stop_sequences",
  "stream",
  "system",
  "temperature",
  "thinking",
  "tool_choice",
  "tools",
  "top_k",
  "top_p",
]);
const metadataFields = new Set(["user_id"]);
const toolFields = new Set([
  "cache_control",
  "description",
  "display_height_px",
  "display_width_px",
  "eager_input_streaming",
  "input_schema",
  "max_characters",
  "name",
  "strict",
  "type",
]);
/** Tools that the provider has a schema for, and the client runs. */
const clientTool = /^(?:bash|text_editor|memory|computer)_\d{8}$/;
const blockFields: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["type", "text", "cache_control", "citations"]),
  image: new Set(["type", "source", "cache_control"]),
  document: new Set(["type", "source", "title", "context", "cache_control"]),
  thinking: new Set(["type", "thinking", "signature"]),
  redacted_thinking: new Set(["type", "data"]),
  tool_use: new Set(["type", "id", "name", "input", "cache_control", "caller"]),
  tool_result: new Set(["type", "tool_use_id", "content", "is_error", "cache_control"]),
};

const sourceFields = new Set(["type", "media_type", "data"]);

/** @throws {RequestRefused} */
export function checkMessages(body: Json, kind: "generate" | "count"): CheckedRequest {
  requireOnly(body, "", fields);
  if (body.metadata != null) {
    requireOnly(requireJson(body.metadata, "metadata"), "metadata", metadataFields);
  }
  for (const [index, tool] of elements(body.tools, "tools").entries()) {
    checkTool(tool, `tools.${index}`);
  }
  const found = { images: 0, hasMark: false, hasHourMark: false };
  noteMark(body, found);
  for (const tool of elements(body.tools, "tools")) noteMark(tool, found);
  checkBlocks(body.system, "system", found);
  for (const [index, message] of elements(body.messages, "messages").entries()) {
    requireLowerCase(message, `messages.${index}`);
    checkBlocks(message.content, `messages.${index}.content`, found);
  }
  const short = found.hasMark ? "5m" : "none";
  const outputTokensMax = outputLimit(body);
  if (outputTokensMax === null && kind === "generate") {
    throw new RequestRefused("max_tokens: Field required");
  }
  return {
    modelName: requireText(body.model, "model"),
    body,
    isStream: body.stream === true,
    outputTokensMax,
    answers: 1,
    images: found.images,
    cacheWrites: found.hasHourMark ? "1h" : short,
    hidesUsage: false,
  };
}

/**
 * Thoughts are within `max_tokens`, unless they are interleaved with calls: then their budget may
 * be larger, and comes on top.
 */
function outputLimit({ max_tokens, thinking }: Json): number | null {
  const limit = wholeNumber(max_tokens, "max_tokens");
  if (limit === null || thinking == null) return limit;
  const { budget_tokens } = requireJson(thinking, "thinking");
  const budget = wholeNumber(budget_tokens, "thinking.budget_tokens") ?? 0;
  return budget < limit ? limit : limit + budget;
}

function checkTool(tool: Json, where: string): void {
  const { type } = tool;
  const isClients =
    type == null || type === "custom" || (typeof type === "string" && clientTool.test(type));
  if (!isClients) refuseKind(where, type);
  requireOnly(tool, where, toolFields);
}

interface Found {
  images: number;
  hasMark: boolean;
  hasHourMark: boolean;
}

function checkBlocks(content: unknown, where: string, found: Found): void {
  for (const [index, block] of elements(content, where).entries()) {
    const path = `${where}.${index}`;
    const { type } = block;
    const allowed =
      typeof type === "string" && Object.hasOwn(blockFields, type) ? blockFields[type] : undefined;
    if (!allowed) refuseKind(path, type);
    requireOnly(block, path, allowed);
    noteMark(block, found);
    if (type === "image") checkSource(block, path, found);
    // The pages of a PDF count by what is on them, which its bytes don't bound.
    if (type === "document") requireSource(block, path, "text");
    if (type === "tool_use" && block.caller != null) requireDirectCaller(block.caller, path);
    if (type === "tool_result") checkBlocks(block.content, `${path}.content`, found);
  }
}

function checkSource(block: Json, where: string, found: Found): void {
  requireSource(block, where, "base64");
  found.images += 1;
}

function requireSource(block: Json, where: string, type: "base64" | "text"): void {
  const source = requireJson(block.source, `${where}.source`);
  requireOnly(source, `${where}.source`, sourceFields);
  if (source.type === type) return;
  throw new RequestRefused(
    `${where}.source must be of the type ${type}, because providers fetch nothing for this deployment.`,
  );
}

function requireDirectCaller(caller: unknown, where: string): void {
  const { type } = requireJson(caller, `${where}.caller`);
  if (type !== "direct") refuseKind(`${where}.caller`, type);
}

function noteMark(value: Json, found: Found): void {
  if (value.cache_control == null) return;
  found.hasMark = true;
  // Anything but five minutes counts as the dearest.
  const { ttl } = requireJson(value.cache_control, "cache_control");
  if (ttl != null && ttl !== "5m") found.hasHourMark = true;
}
