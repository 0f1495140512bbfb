/** The parts of the document that no route declares by itself. */
import type { JsonSchema } from "./schemas.ts";

export const securitySchemes: JsonSchema = {
  apiKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer …`." },
  apiKeyHeader: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
  operator: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The Google identity token of an operator of this deployment.",
  },
};

function header(name: string, description: string): JsonSchema {
  return { name, in: "header", required: false, description, schema: { type: "string" } };
}

export const parameters: JsonSchema = {
  IdempotencyKey: {
    ...header("Idempotency-Key", "Makes it safe to send the same request again."),
    schema: { type: "string", pattern: "^[!-~]{1,255}$" },
  },
  IfMatch: header("If-Match", "Entity tags of which one must be the file's."),
  IfNoneMatch: header("If-None-Match", "Entity tags of which none may be the file's."),
  Range: header("Range", "The bytes to send, such as `bytes=0-1023`."),
  IfRange: header("If-Range", "The entity tag of the version that the range belongs to."),
  LastEventId: header("Last-Event-ID", "The last event that the client has; the stream continues."),
};

/** The body of every refusal. Some have further fields, such as `budgetStatus`. */
export const refusalSchema: JsonSchema = {
  type: "object",
  required: ["error", "message", "code", "requestId"],
  properties: {
    error: { type: "string", description: "The phrase of the status." },
    message: { type: "string", description: "One sentence for people." },
    code: { type: "string", description: "Stable; `x-errors` says what to do about each." },
    details: {
      description: "What is wrong: often a list of fields.",
      anyOf: [
        {
          type: "array",
          items: {
            type: "object",
            required: ["field", "message"],
            properties: { field: { type: "string" }, message: { type: "string" } },
          },
        },
        { type: "object" },
      ],
    },
    requestId: { type: "string" },
  },
};
