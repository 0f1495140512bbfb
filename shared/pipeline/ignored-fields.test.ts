/** What of a request is named as ignored, and how warnings of several places stand together. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { runRequest } from "../../test/kit/run-request.ts";
import { plainRoute } from "../../test/kit/watched-route.ts";
import { AgentCreate } from "../contract/agent.ts";
import { EnvironmentCreate } from "../contract/environment.ts";
import { MessageCreate } from "../contract/message-create.ts";
import { TriggerCreate } from "../contract/trigger.ts";
import {
  addWarning,
  ignoredSentence,
  warningsHeader,
  withEarlierWarnings,
} from "./ignored-fields.ts";
import { action } from "./route.ts";

const one = (name: string) => `The field ${name} isn't known here and was ignored.`;

describe("a field that the route doesn't know is named:", () => {
  test.each([
    ["of an environment", EnvironmentCreate, { name: "a", profile: "lite" }, one("profile")],
    ["of an agent", AgentCreate, { name: "a", model: "m", temperature: 0 }, one("temperature")],
    ["within a message", MessageCreate, { agentConfig: { speed: 1 } }, one("agentConfig.speed")],
    [
      "of an element",
      EnvironmentCreate,
      { environmentVariables: [{ key: "A", value: "b", note: "c" }] },
      one("environmentVariables.note"),
    ],
    ["of a trigger's action", TriggerCreate, { action: { typ: "x" } }, one("action.typ")],
    ["false, which asks for something", AgentCreate, { isPublic: false }, one("isPublic")],
    ["of a name that no header can hold", AgentCreate, { "é\n": 1 }, one("of another name")],
  ])("%s", (_, schema, value, sentence) => {
    expect(ignoredSentence(schema, value, "field")).toBe(sentence);
  });

  test("several in one sentence, and not without end", () => {
    const few = { name: "a", alpha: 1, beta: 2 };
    expect(ignoredSentence(AgentCreate, few, "field")).toBe(
      "The fields alpha, beta aren't known here and were ignored.",
    );
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]));
    expect(ignoredSentence(AgentCreate, many, "field")).toBe(
      "The fields f0, f1, f2, f3, f4 and others aren't known here and were ignored.",
    );
  });

  test("a parameter of the query", () => {
    const schema = z.object({ limit: z.coerce.number().optional() });
    expect(ignoredSentence(schema, { limit: "1", stauts: "running" }, "parameter")).toBe(
      "The parameter stauts isn't known here and was ignored.",
    );
  });
});

test.each([
  ["null", AgentCreate, { name: "a", model: "m", temperature: null }],
  ["within metadata", AgentCreate, { name: "a", model: "m", metadata: { mine: { deep: 1 } } }],
  ["in what takes any field", z.looseObject({}), { mine: 1 }],
  [
    "in one of several forms",
    z.union([z.object({ a: z.int() }), z.object({ b: z.int() })]),
    { b: 1 },
  ],
  ["that a form of a list has", EnvironmentCreate, { packages: ["flask"], runtimes: ["python"] }],
])("nothing is said of what is %s", (_, schema, value) => {
  expect(ignoredSentence(schema, value, "field")).toBeNull();
});

test.each([
  ["a body", ["Content-Length", "9"], "This route takes no body, and the one that was sent"],
  ["one of unknown length", ["Transfer-Encoding", "chunked"], "This route takes no body"],
  ["an empty object", ["Content-Length", "2"], "undefined"],
  ["none", [], "undefined"],
])("where no body is taken, the answer says whether one was ignored: %s", async (...all) => {
  const [, rawHeaders, sentence] = all;
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: "POST", httpVersion: "1.1", rawHeaders });
  request.push(null);
  const response = new ServerResponse(request);
  const route = action({
    ...plainRoute,
    endpoint: "POST /v1/things",
    authenticate: "api-key",
    reply: { 200: z.object({}) },
    read: "nothing",
    perform: async () => ({ status: 200, body: {} }),
  });
  await runRequest(route, { exchange: { request, response } });
  expect(String(response.getHeader(warningsHeader))).toContain(sentence);
});

test("an answer carries the warnings of the pipeline and of its route", () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const own = { [warningsHeader]: "Three." };
  expect(withEarlierWarnings(response, own)).toEqual(own);
  addWarning(response, null);
  expect(response.hasHeader(warningsHeader)).toBe(false);
  addWarning(response, "One.");
  addWarning(response, "Two.");
  expect(response.getHeader(warningsHeader)).toBe("One. Two.");
  expect(withEarlierWarnings(response, own)).toEqual({ [warningsHeader]: "One. Two. Three." });
  expect(withEarlierWarnings(response, { etag: "x" })).toEqual({ etag: "x" });
});
