/** One operation of the document, from the route that answers it. */
import type * as z from "zod";
import { isWarned, warningsHeader } from "#shared/pipeline/ignored-fields";
import type { Route } from "#shared/pipeline/route";
import type { DescribedRoute } from "./described-routes.ts";
import { writtenExample } from "./examples.ts";
import { answersAtEnd, asLines, mediaOfBytes, mediaOfUpload } from "./media.ts";
import { refusalsOf } from "./refusals.ts";
import type { JsonSchema, SchemaBook } from "./schemas.ts";

/** `/v1/agents/:agentId` → `/v1/agents/{agentId}`; what stands for the rest of a path is `path`. */
export function pathTemplate(path: string): string {
  return path.replace(/:([A-Za-z0-9]+)/g, "{$1}").replace("*", "{path}");
}

export function describeOperation(described: DescribedRoute, book: SchemaBook): JsonSchema {
  const { route, functionName, operationId } = described;
  const scopes = alwaysNeeded(route);
  const body = requestBody(described, book);
  return {
    operationId,
    summary: route.summary.replace(/\.$/, ""),
    description: describe(route),
    tags: [functionName],
    parameters: [
      ...parametersIn("path", route.params, book),
      ...queryOf(route, book),
      ...headersOf(route),
    ],
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...answersOf(described, book), ...book.refusals(refusalsOf(route)) },
    security: securityOf(route),
    "x-scopes": scopes,
    ...(route.needsToo?.when ? { "x-scopes-of-some-bodies": route.needsToo.scopes } : {}),
    "x-counts-as": route.requestClass,
    "x-body-bytes-max": route.bodyBytesMax,
  };
}

/** The scopes that each of its requests needs. */
function alwaysNeeded({ scope, needsToo }: Route): readonly string[] {
  if (scope === "none") return [];
  return needsToo && !needsToo.when ? [scope, ...needsToo.scopes] : [scope];
}

function describe(route: Route): string {
  const { summary, requestClass, bodyBytesMax, authenticate } = route;
  const caller =
    authenticate === "public"
      ? "Needs no credential."
      : authenticate === "api-key"
        ? `Needs an API key${scopesIn(route)}.`
        : authenticate === "webhook"
          ? "Needs a signature with the trigger's secret."
          : "Needs the Google identity of an operator.";
  const counts = requestClass === "none" ? "" : ` Counts as \`${requestClass}\`.`;
  const size = bodyBytesMax === 0 ? "" : ` Takes a body of at most ${bodyBytesMax} bytes.`;
  return `${summary.replace(/\.?$/, ".")} ${caller}${counts}${size}`;
}

function scopesIn(route: Route): string {
  const quoted = (scopes: readonly string[]) => scopes.map((scope) => `\`${scope}\``).join(", ");
  const always = alwaysNeeded(route);
  if (always.length === 0) return "";
  const further = route.needsToo?.when
    ? `, for some bodies also ${quoted(route.needsToo.scopes)}`
    : "";
  return ` with the scope${always.length > 1 ? "s" : ""} ${quoted(always)}${further}`;
}

const credentials: Readonly<Record<string, readonly string[]>> = {
  "api-key": ["apiKey", "apiKeyHeader"],
  operator: ["operator"],
  "first-operator": ["operator"],
};

function securityOf(route: Route): JsonSchema[] {
  const granted = alwaysNeeded(route);
  return (credentials[route.authenticate] ?? []).map((name) => ({ [name]: granted }));
}

function parametersIn(where: "path" | "query", schema: z.ZodType, book: SchemaBook): JsonSchema[] {
  const { properties = {}, required = [] } = book.input(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const isRest = name === "*";
    return {
      name: isRest ? "path" : name,
      in: where,
      required: where === "path" || required.includes(name),
      schema: property,
      ...(isRest
        ? { description: "A path; its slashes may be sent as they are, or as `%2F`." }
        : {}),
    };
  });
}

function queryOf(route: Route, book: SchemaBook): JsonSchema[] {
  return parametersIn("query", route.query, book);
}

function headersOf(route: Route): JsonSchema[] {
  const names = [
    ...(route.kind === "change" && route.idempotency ? ["IdempotencyKey"] : []),
    ...(route.preconditions === "honoured" ? ["IfMatch", "IfNoneMatch"] : []),
    ...(206 in route.reply ? ["Range", "IfRange"] : []),
    ...(route.method === "GET" && route.streams ? ["LastEventId"] : []),
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

function requestBody({ route, operationId }: DescribedRoute, book: SchemaBook): JsonSchema | null {
  const { body } = route;
  if (body === "none") return null;
  if (body === "raw") {
    const { type, schema } = mediaOfUpload(operationId);
    return { required: true, content: { [type]: { schema } } };
  }
  const written = writtenExample(operationId);
  const examples = written ? { examples: { usual: { value: written } } } : {};
  return {
    required: !body.safeParse({}).success,
    content: { "application/json": { schema: book.input(body), ...examples } },
  };
}

const meanings: Readonly<Record<number, string>> = {
  200: "Done.",
  201: "Made.",
  202: "Accepted.",
  206: "The range that was asked for.",
  304: "What the client has is current.",
};

function answersOf({ route, operationId }: DescribedRoute, book: SchemaBook): JsonSchema {
  const answers = Object.entries(route.reply).map(([status, reply]) => [
    status,
    {
      description: meanings[Number(status)] ?? "Done.",
      headers: {
        "x-request-id": { $ref: "#/components/headers/RequestId" },
        ...(isWarned(route) ? { [warningsHeader]: { $ref: "#/components/headers/Warnings" } } : {}),
      },
      ...(["204", "304"].includes(status) ? {} : { content: contentOf(reply, operationId, book) }),
    },
  ]);
  return Object.fromEntries(answers);
}

function contentOf(
  reply: Route["reply"][number],
  operationId: string,
  book: SchemaBook,
): JsonSchema {
  if (reply === "stream") {
    const whole = answersAtEnd[operationId];
    const json = whole ? { "application/json": { schema: book.output(whole) } } : {};
    return { "text/event-stream": { schema: { type: "string" } }, ...json };
  }
  if (reply === "bytes") {
    const { type, schema } = mediaOfBytes(operationId);
    return { [type]: { schema } };
  }
  const lines = asLines.has(operationId)
    ? { "application/x-ndjson": { schema: { type: "string" } } }
    : {};
  return { "application/json": { schema: book.output(reply) }, ...lines };
}
