import type { CheckedRequest } from "./checked-request.ts";
import {
  elements,
  type Json,
  RequestRefused,
  refuseKind,
  requireJson,
  requireOnly,
  wholeNumber,
} from "./fields.ts";

/** Left out are the provider's own tools, cached contents, files, speech, and service tiers. */
const fields = new Set([
  "contents",
  "generationConfig",
  "safetySettings",
  "systemInstruction",
  "toolConfig",
  "tools",
]);
const toolFields = new Set(["functionDeclarations"]);
const toolConfigFields = new Set(["functionCallingConfig"]);
const configFields = new Set([
  "candidateCount",
  "frequencyPenalty",
  "logprobs",
  "maxOutputTokens",
  "mediaResolution",
  "presencePenalty",
  "responseJsonSchema",
  "responseLogprobs",
  "responseMimeType",
  "responseSchema",
  "seed",
  "stopSequences",
  "temperature",
  "thinkingConfig",
  "topK",
  "topP",
]);
/** The format takes a second name for each field (`mime_type`), and the last one given counts. */
const inlineFields = new Set(["data", "displayName", "mimeType"]);
const responseFields = new Set(["id", "name", "response", "scheduling", "willContinue"]);
const contentFields = new Set(["parts", "role"]);
const partFields = new Set([
  "functionCall",
  "functionResponse",
  "inlineData",
  "text",
  "thought",
  "thoughtSignature",
]);

/** @throws {RequestRefused} */
export function checkGemini(
  body: Json,
  call: { readonly modelName: string; readonly kind: "generate" | "count"; isStream: boolean },
): CheckedRequest {
  const checked = call.kind === "count" ? countedRequest(body) : body;
  requireOnly(checked, "", fields);
  for (const [index, tool] of elements(checked.tools, "tools").entries()) {
    requireOnly(tool, `tools.${index}`, toolFields);
  }
  if (checked.toolConfig != null) {
    requireOnly(requireJson(checked.toolConfig, "toolConfig"), "toolConfig", toolConfigFields);
  }
  const config =
    checked.generationConfig == null
      ? {}
      : requireJson(checked.generationConfig, "generationConfig");
  requireOnly(config, "generationConfig", configFields);
  let images = 0;
  for (const [index, content] of elements(checked.contents, "contents").entries()) {
    images += checkParts(content, `contents.${index}`);
  }
  if (checked.systemInstruction != null && typeof checked.systemInstruction !== "string") {
    const instruction = requireJson(checked.systemInstruction, "systemInstruction");
    images += checkParts(instruction, "systemInstruction");
  }
  return {
    modelName: call.modelName,
    body,
    isStream: call.isStream,
    outputTokensMax: wholeNumber(config.maxOutputTokens, "generationConfig.maxOutputTokens"),
    answers: wholeNumber(config.candidateCount, "generationConfig.candidateCount") ?? 1,
    images,
    cacheWrites: "none",
    hidesUsage: false,
  };
}

/** `countTokens` takes the contents alone, or a whole request, which names its model once more. */
function countedRequest(body: Json): Json {
  requireOnly(body, "", new Set(["contents", "generateContentRequest"]));
  if (body.generateContentRequest == null) return body;
  throw new RequestRefused("generateContentRequest isn't passed on; send contents alone.");
}

function checkParts(content: Json, where: string): number {
  requireOnly(content, where, contentFields);
  let images = 0;
  for (const [index, part] of elements(content.parts, `${where}.parts`).entries()) {
    const path = `${where}.parts.${index}`;
    requireOnly(part, path, partFields);
    if (part.functionResponse != null) {
      const where = `${path}.functionResponse`;
      const response = requireJson(part.functionResponse, where);
      if (response.parts != null) refuseKind(`${where}.parts`, "media");
      requireOnly(response, where, responseFields);
    }
    if (part.inlineData == null) continue;
    const inline = requireJson(part.inlineData, `${path}.inlineData`);
    requireOnly(inline, `${path}.inlineData`, inlineFields);
    const { mimeType } = inline;
    // A minute of sound or film counts by its length, which its bytes don't bound.
    const isImage = typeof mimeType === "string" && /^image\/[a-z+.-]{1,20}$/i.test(mimeType);
    if (!isImage) refuseKind(`${path}.inlineData`, "no image");
    images += 1;
  }
  return images;
}
