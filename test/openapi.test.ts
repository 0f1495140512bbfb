/** What the description of the API says of itself; that it is current is checked with the pages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { SchemaBook } from "../scripts/openapi/schemas.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { faultOf, operations } from "./kit/api-document.ts";
import { routes } from "./security/support/table.ts";

const json = "application/json";

function exampleIn(content: object | undefined): unknown {
  return Reflect.get(Object(content), json)?.examples?.usual.value;
}

test("every example of a body is taken by its route", () => {
  const refused = operations.flatMap(({ method, path, operation }) => {
    const example = exampleIn(operation.requestBody?.content);
    if (example === undefined) return [];
    const title = `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`;
    const route = routes.find((one) => one.title === title)?.route;
    if (!route || typeof route.body === "string") return [`${title} takes no JSON`];
    const { error } = route.body.safeParse(example);
    return error ? [`${title}: ${error.message}`] : [];
  });
  expect(refused).toEqual([]);
});

test("every example of an answer is as its schema says", () => {
  const wrong = operations.flatMap((described) =>
    Object.entries(described.operation.responses).flatMap(([status, answer]) => {
      const example = exampleIn(Reflect.get(answer, "content"));
      if (example === undefined) return [];
      const checked = { status: Number(status), mediaType: json, body: () => example };
      const fault = faultOf(described, checked);
      return fault === null ? [] : [`${described.operation.operationId} ${fault}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test("it has the routes that the edge answers, but those that aren't offered", () => {
  const described = operations.map(({ method, path }) => `${method} ${path}`);
  expect(described).toContain("PATCH /v1/agents/{agentId}");
  expect(described).toContain("GET /v1/admin/users/{userId}");
  expect(described.filter((name) => /internal|\/tasks|:/.test(name))).toEqual([]);
});

test("no answer forbids fields that are added later, and exact bodies still do", () => {
  const text = readFileSync(join(repositoryRoot, "openapi/paddock.json"), "utf8");
  const { paths, components } = JSON.parse(text);
  const answers = Object.values(paths).flatMap((path) =>
    Object.values(Object(path)).map((operation) => Object(operation).responses),
  );
  expect(JSON.stringify(answers)).not.toContain('"additionalProperties":false');
  expect(components.schemas.Agent.additionalProperties).toBeUndefined();
  expect(components.schemas.KeyCreate.additionalProperties).not.toBeUndefined();
  expect(text).not.toMatch(/"\$(?:id|schema|defs)"/);
});

describe("faultOf()", () => {
  const described = operations.find(({ operation }) => operation.operationId === "getVersion");
  const fault = (status: number, body: unknown) =>
    described && faultOf(described, { status, mediaType: json, body: () => body });

  test("names what isn't described: a status, a body, a code", () => {
    expect(fault(201, {})).toMatch("answered 201");
    expect(fault(200, { build_version: 1 })).toMatch("answered 200 with");
    const refusal = { error: "Bad Request", message: "No.", requestId: "req_1" };
    expect(fault(400, { ...refusal, code: "VALIDATION_FAILED" })).toBeNull();
    expect(fault(400, { ...refusal, code: "NO_ACTIVE_EXECUTION" })).toMatch("refusals");
  });
});

test("two schemas can't have one name", () => {
  const [one, other] = [z.object({ a: z.string() }), z.object({ b: z.string() })];
  expect(() => SchemaBook.naming([{ Thing: one }, { ThingBody: other }])).toThrow("Thing");
  const book = SchemaBook.naming([{ Thing: one }, { Thing: one }, { Other: other }]);
  expect(book.resolved(book.output(z.object({ one })))).toMatchObject({
    properties: { one: { $ref: "#/components/schemas/Thing" } },
  });
});
