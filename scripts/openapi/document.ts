/** `openapi/paddock.json`: what the edge answers, as OpenAPI 3.1, from the routes' values. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { catalogue } from "#shared/errors/catalogue";
import type { Service } from "#shared/pipeline/service";
import { functionNames } from "../build/entries.ts";
import { parameters, refusalSchema, securitySchemes } from "./components.ts";
import { describedRoutes } from "./described-routes.ts";
import { exampleOf } from "./examples.ts";
import { describeOperation, pathTemplate } from "./operation.ts";
import { whatToDo } from "./refusals.ts";
import { type JsonSchema, SchemaBook } from "./schemas.ts";

/** The document as a value. */
export async function openapiDocument(root: string): Promise<JsonSchema> {
  const book = await SchemaBook.open(root);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const described of await describedRoutes(root)) {
    const { method, endpoint } = described.route;
    const path = pathTemplate(endpoint.slice(method.length + 1));
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: describeOperation(described, book),
    };
  }
  const schemas = { ...book.components(), Refusal: refusalSchema };
  const resolved = book.resolved(paths);
  for (const operation of Object.values(resolved).flatMap((path) => Object.values(path))) {
    addExamples(operation, schemas);
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    openapi: "3.1.1",
    info: {
      title: "Paddock",
      version,
      summary: "Runs AI agents for many users in fenced containers.",
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "This deployment." }],
    security: [],
    tags: await tagsOf(root),
    paths: resolved,
    components: {
      securitySchemes,
      parameters,
      headers: {
        RequestId: {
          description: "The request's id, which a report of a failure should quote.",
          schema: { type: "string" },
        },
        Warnings: {
          description:
            "Sentences on what the request holds without effect, such as unknown fields.",
          schema: { type: "string" },
        },
      },
      responses: book.responses(),
      schemas,
    },
    "x-request-limits": DeploymentLimits.parse({}).requests,
    "x-errors": Object.fromEntries(
      Object.entries(catalogue).map(([code, { status, retry, message }]) => [
        code,
        { status, retry, message, whatToDo: whatToDo[retry] },
      ]),
    ),
  };
}

const description = [
  "Every path under `/v1` is answered without that prefix as well, and every `GET` as `HEAD`.",
  "Unknown fields of a body are ignored unless its schema forbids them; fields may be added to",
  "answers at any time. A refusal has a stable `code`: `x-codes` of each answer lists those that",
  "it can have, and `x-errors` says what each means and what to do about it.",
].join(" ");

async function tagsOf(root: string): Promise<JsonSchema[]> {
  const tags: JsonSchema[] = [];
  for (const name of functionNames(root)) {
    const { service }: { service: Service } = await import(`../../functions/${name}/index.ts`);
    const { summary, visibility } = service;
    if (visibility === "edge") tags.push({ name, description: summary.replace(/\.?$/, ".") });
  }
  // Most readers aren't operators.
  return tags.toSorted(
    (one, other) => Number(one.name === "admin") - Number(other.name === "admin"),
  );
}

/** Gives each body of JSON that has no example one that is made from its schema. */
function addExamples(operation: JsonSchema, components: Record<string, JsonSchema>): void {
  type Bodies = { content?: Record<string, JsonSchema> };
  const request = operation.requestBody as Bodies | undefined;
  addExample(request, { components, whole: false });
  for (const [status, answer] of Object.entries(operation.responses as Record<string, Bodies>)) {
    if (Number(status) < 400) addExample(answer, { components, whole: true });
  }
}

function addExample(
  body: { content?: Record<string, JsonSchema> } | undefined,
  options: Parameters<typeof exampleOf>[1],
): void {
  const json = body?.content?.["application/json"];
  if (!json || json.examples !== undefined) return;
  const value = exampleOf(json.schema as JsonSchema, options);
  json.examples = { usual: { value } };
}
