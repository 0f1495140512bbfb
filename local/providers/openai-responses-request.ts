import { z } from "zod";
import { checkBearer, openaiSentences } from "./openai-errors.ts";
import { parseShape } from "./request-shape.ts";
import { invalid, type RawCall } from "./wire-protocol.ts";

const id = z.string().nullish();
const status = z.string().nullish();
const content = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("input_text"), text: z.string() }),
      z.strictObject({
        type: z.literal("output_text"),
        text: z.string(),
        annotations: z.array(z.unknown()).optional(),
        logprobs: z.array(z.unknown()).optional(),
      }),
      z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
      z.strictObject({
        type: z.literal("input_image"),
        image_url: z.string().nullish(),
        file_id: z.string().nullish(),
        detail: z.string().optional(),
      }),
      z.looseObject({ type: z.literal("input_file") }),
    ]),
  ),
]);
const message = z.strictObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  phase: z.string().nullish(),
  id,
  content,
  status,
});
const item = z.union([
  message,
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("function_call"),
      call_id: z.string(),
      name: z.string(),
      arguments: z.string(),
      id,
      status,
    }),
    z.strictObject({
      type: z.literal("function_call_output"),
      call_id: z.string(),
      output: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
      id,
      status,
    }),
    z.strictObject({
      type: z.literal("reasoning"),
      summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
      content: z.array(z.unknown()).nullish(),
      encrypted_content: z.string().nullish(),
      id,
      status,
    }),
    z.looseObject({ type: z.literal("item_reference"), id: z.string() }),
  ]),
]);
const shape = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(item)]),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  max_tool_calls: z.int().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().nullish(),
  tools: z
    .array(
      z.union([
        z.strictObject({
          type: z.literal("function"),
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          description: z.string().nullish(),
          parameters: z.looseObject({}).nullish(),
          strict: z.boolean().nullish(),
        }),
        z.looseObject({ type: z.string() }),
      ]),
    )
    .optional(),
  tool_choice: z.union([z.string(), z.looseObject({})]).optional(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z
    .strictObject({
      effort: z.string().nullish(),
      summary: z.string().nullish(),
      generate_summary: z.string().nullish(),
    })
    .nullish(),
  text: z.looseObject({}).optional(),
  include: z.array(z.string()).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().optional(),
  service_tier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  safety_identifier: z.string().nullish(),
});

export type ResponsesBody = z.infer<typeof shape>;

/** @throws {ProviderRefusal} for what the Responses API refuses. */
export function parseResponsesRequest(call: RawCall): ResponsesBody {
  checkBearer(call);
  const body = parseShape(shape, call.body, openaiSentences);
  const items = typeof body.input === "string" ? [] : body.input;
  const called = items.flatMap((each) => (each.type === "function_call" ? each.call_id : []));
  const answered = items.flatMap((each) =>
    each.type === "function_call_output" ? each.call_id : [],
  );
  const stray = answered.find((each) => !called.includes(each));
  if (stray !== undefined) {
    throw invalid(`No tool call found for function call output with call_id ${stray}.`);
  }
  const open = called.find((each) => !answered.includes(each));
  if (open !== undefined) throw invalid(`No tool output found for function call ${open}.`);
  return body;
}
