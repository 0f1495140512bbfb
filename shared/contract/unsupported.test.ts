/** Each field of the public API that has no effect here is named in a warning. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { AgentCreate, agentWarnings } from "./agent.ts";
import { EnvironmentCreate, EnvironmentUpdate, environmentWarnings } from "./environment.ts";
import { MessageCreate, messageWarnings } from "./message-create.ts";

/** A field of a body that has an effect, is a label, or is refused; all others only warn. */
const effective = {
  agent: ["name", "model", "description", "metadata"],
  environment: [
    "name",
    "description",
    "environmentVariables",
    "secrets",
    "setupScripts",
    "internetAccess",
    "network",
    "isDefault",
    "computeProfile",
    "metadata",
    "documentation",
  ],
  message: [
    "agentId",
    "environmentId",
    "content",
    "task",
    "envVars",
    "secrets",
    "setupScripts",
    "agentConfig",
    "internetAccess",
    "network",
    "attachments",
    "githubRepo",
    "truncateAtMessageIndex",
    "editMessageId",
    "persistFileChanges",
    "stream",
  ],
  agentConfig: ["model"],
};

/** Every field of a schema with a value that asks for something; the warnings judge no types. */
function askForAll(schema: z.ZodObject): Record<string, string> {
  return Object.fromEntries(Object.keys(schema.shape).map((field) => [field, "something"]));
}

const fieldsOf = (warnings: readonly string[]) => warnings.map((text) => text.split(" ")[0]).sort();
const without = (fields: readonly string[], known: readonly string[]) =>
  fields.filter((field) => !known.includes(field)).sort();

describe("a field without effect is named in a warning, whichever it is:", () => {
  test("of an agent", () => {
    const body = askForAll(AgentCreate);
    const shell = fieldsOf(agentWarnings(body as never, "shell"));
    expect(shell).toEqual(without(Object.keys(body), effective.agent));
    const language = fieldsOf(agentWarnings(body as never, "a-model"));
    const read = [...effective.agent, "instructions", "reasoningEffort", "enabledSkills"];
    expect(language).toEqual(without(Object.keys(body), read));
  });

  test.each([
    ["new environment", EnvironmentCreate],
    ["change of an environment", EnvironmentUpdate],
  ])("of a %s", (_, schema) => {
    const body = askForAll(schema);
    // A change refuses these.
    const warned = fieldsOf(environmentWarnings(body as never));
    expect(warned).toEqual(without(Object.keys(body), effective.environment));
  });

  test("of a message and its agentConfig", () => {
    const agentConfig = askForAll(MessageCreate.shape.agentConfig.unwrap());
    const body = { ...askForAll(MessageCreate), agentConfig };
    const ofAgent = without(Object.keys(agentConfig), effective.agentConfig);
    const expected = [
      ...without(Object.keys(body), effective.message),
      ...ofAgent.map((field) => `agentConfig.${field}`),
    ];
    expect(fieldsOf(messageWarnings(body as never, "shell"))).toEqual(expected.sort());
    const language = fieldsOf(messageWarnings(body as never, "some-model"));
    expect(language.filter((field) => field?.startsWith("agentConfig."))).toEqual([]);
  });
});

test("a body that asks for nothing unusual gets no warning", () => {
  expect(agentWarnings(AgentCreate.parse({ name: "a", model: "shell" }), "shell")).toEqual([]);
  expect(environmentWarnings(EnvironmentCreate.parse({ name: "a" }))).toEqual([]);
  expect(messageWarnings(MessageCreate.parse({ content: "true" }), "shell")).toEqual([]);
});
