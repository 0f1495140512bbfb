import { z } from "zod";
import { parseShape } from "./request-shape.ts";
import { invalid, ProviderRefusal, type RawCall } from "./wire-protocol.ts";

const part = z.strictObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.string() }).optional(),
  fileData: z.looseObject({ fileUri: z.string() }).optional(),
  functionCall: z
    .strictObject({
      id: z.string().optional(),
      name: z.string(),
      args: z.looseObject({}).optional(),
    })
    .optional(),
  functionResponse: z
    .strictObject({
      id: z.string().optional(),
      name: z.string(),
      response: z.looseObject({}),
      parts: z.array(z.unknown()).optional(),
    })
    .optional(),
});
const content = z.strictObject({
  role: z.enum(["user", "model"]).optional(),
  parts: z.array(part),
});
const config = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  candidateCount: z.int().min(1).max(8).optional(),
  maxOutputTokens: z.int().min(1).optional(),
  stopSequences: z.array(z.string()).max(5).optional(),
  responseMimeType: z.string().optional(),
  responseSchema: z.looseObject({}).optional(),
  responseJsonSchema: z.unknown().optional(),
  responseModalities: z.array(z.string()).optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  seed: z.int().optional(),
  responseLogprobs: z.boolean().optional(),
  logprobs: z.int().optional(),
  mediaResolution: z.string().optional(),
  speechConfig: z.looseObject({}).optional(),
  imageConfig: z.looseObject({}).optional(),
  thinkingConfig: z
    .strictObject({
      includeThoughts: z.boolean().optional(),
      thinkingBudget: z.int().optional(),
      thinkingLevel: z.string().optional(),
    })
    .optional(),
});
const shape = z.strictObject({
  contents: z.array(content).min(1),
  systemInstruction: content.optional(),
  tools: z
    .array(
      z.strictObject({
        functionDeclarations: z
          .array(
            z.strictObject({
              name: z.string(),
              description: z.string().optional(),
              behavior: z.string().optional(),
              parameters: z.looseObject({}).optional(),
              parametersJsonSchema: z.unknown().optional(),
              response: z.looseObject({}).optional(),
            }),
          )
          .optional(),
        googleSearch: z.looseObject({}).optional(),
        codeExecution: z.looseObject({}).optional(),
        urlContext: z.looseObject({}).optional(),
      }),
    )
    .optional(),
  toolConfig: z.looseObject({}).optional(),
  safetySettings: z.array(z.looseObject({})).optional(),
  generationConfig: config.optional(),
  cachedContent: z.string().optional(),
  store: z.boolean().optional(),
  serviceTier: z.string().optional(),
});

export type GeminiBody = z.infer<typeof shape>;

/** @throws {ProviderRefusal} for what the Gemini API refuses. */
export function parseGeminiRequest(call: RawCall, model: string): GeminiBody {
  const key = call.headers["x-goog-api-key"] ?? call.url.searchParams.get("key");
  if (typeof key !== "string") {
    throw new ProviderRefusal(403, "Method doesn't allow unregistered callers.");
  }
  if (!call.keys.has(key)) {
    throw invalid("API key not valid. Please pass a valid API key.", "API_KEY_INVALID");
  }
  const body = parseShape(shape, call.body, {
    unknown: (path) => {
      const name = path.split(".").at(-1);
      return `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`;
    },
    missing: (path) => `* GenerateContentRequest.${path}: ${path} is not specified`,
    invalid: (path) => `Invalid value at '${path}'.`,
  });
  checkTurns(body.contents, model);
  return body;
}

function checkTurns(contents: GeminiBody["contents"], model: string): void {
  for (const [index, each] of contents.entries()) {
    const calls = each.parts.filter((inner) => inner.functionCall !== undefined);
    const results = each.parts.filter((inner) => inner.functionResponse !== undefined);
    const before = contents[index - 1]?.parts.filter((inner) => inner.functionCall) ?? [];
    if (results.length > 0 && before.length === 0) {
      throw invalid(
        "Please ensure that function response turn comes immediately after a function call turn.",
      );
    }
    if (before.length !== results.length) {
      throw invalid(
        "Please ensure that the number of function response parts is equal to the number of " +
          "function call parts of the function call turn.",
      );
    }
    const isLast = index === contents.length - 1;
    if (calls.length > 0 && (isLast || index === 0 || each.role !== "model")) {
      throw invalid(
        "Please ensure that function call turn comes immediately after a user turn or after a " +
          "function response turn.",
      );
    }
    if (/^gemini-3/.test(model) && calls[0] && calls[0].thoughtSignature === undefined) {
      throw invalid(
        `Function call is missing a thought_signature in functionCall parts. Function call ` +
          `\`${calls[0].functionCall?.name}\`, position ${index + 1}.`,
      );
    }
  }
}
