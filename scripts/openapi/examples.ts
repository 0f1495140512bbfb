/** Examples of bodies: some are written by hand, and the others are made from their schema. */
import { idPrefixes } from "#shared/core/ids";
import type { JsonSchema } from "./schemas.ts";

/** Requests whose optional fields are what readers look for. */
const written: Readonly<Record<string, object>> = {
  createAgent: { name: "Nightly report", model: "shell", description: "Builds the report." },
  updateAgent: { name: "Weekly report", description: null },
  createEnvironment: {
    name: "report-builder",
    setupScripts: ["mkdir -p out"],
    network: { mode: "allowlist", allow: [{ host: "registry.npmjs.org", ports: [443] }] },
  },
  updateEnvironment: { name: "report-builder-2" },
  createThread: { title: "Report for November" },
  sendMessage: { content: "echo hello > hello.txt && ls -l" },
  createKey: { name: "ci", scopes: ["threads:write", "execute"], maxCostPerDay: 5 },
  createSecret: { key: "API_TOKEN", value: "a-long-enough-value", hosts: ["api.example.com"] },
  putSecret: { value: "another-long-value" },
  createSchedule: {
    name: "Weekday report",
    task: "python3 report.py",
    cronExpression: "0 9 * * 1-5",
    timezone: "Europe/Berlin",
  },
  updateSchedule: { cronExpression: "30 9 * * 1-5" },
  createTrigger: {
    name: "Review",
    environmentId: "env_V1StGXR8_Z5jdHi6B-myT",
    source: "github",
    event: "pull_request.opened",
    action: { type: "send_message", prompt: "Review what was opened." },
  },
  updateTrigger: { event: "pull_request", filters: { number: 3 } },
  createOrchestration: {
    name: "Review",
    environmentId: "env_V1StGXR8_Z5jdHi6B-myT",
    strategy: "sequential",
    steps: [
      {
        name: "review",
        agentId: "agent_V1StGXR8_Z5jdHi6B-myT",
        instructions: "Say approved or refused.",
      },
      {
        name: "publish",
        agentId: "agent_V1StGXR8_Z5jdHi6B-myT",
        instructions: "Publish the report.",
        dependsOn: ["review"],
        condition: 'steps.review.output contains "approved"',
      },
    ],
  },
  updateOrchestration: { status: "archived" },
  runOrchestration: { inputs: { topic: "the report of November" }, maxCost: 1.5 },
  setLimits: { dailyLimit: 10, monthlyLimit: 100 },
};

export function writtenExample(operationId: string): object | undefined {
  return written[operationId];
}

const random = "V1StGXR8_Z5jdHi6B-myT";
const time = "2026-11-23T09:30:00.000Z";
const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** Texts by the name of their field. */
const texts: readonly (readonly [RegExp, string])[] = [
  [/(?:At|Start|End|timestamp|resetsAt|from|to|since|until|expires)$/, time],
  [/email/i, "someone@example.com"],
  [/sha256|hash|root$/i, hash],
  [/url/i, "https://hooks.example.com/paddock"],
  [/^host/, "api.example.com"],
  [/^key$/, "API_TOKEN"],
  [/path$/i, "src/app.py"],
  [/^(?:file)?name$/i, "report"],
  [/model/i, "shell"],
];
const idFields: Readonly<Record<string, string>> = {
  userId: "owner",
  ownerId: "owner",
  environmentId: "environment",
  threadId: "thread",
  agentId: "agent",
  keyId: "apiKey",
  apiKeyId: "apiKey",
  executionId: "execution",
  runId: "execution",
  incidentId: "incident",
};

export interface ExampleOptions {
  readonly components: Readonly<Record<string, JsonSchema>>;
  /** Whether optional fields are shown, too. */
  readonly whole: boolean;
}

/** A value that the schema accepts; @param field the name of what holds it. */
export function exampleOf(schema: JsonSchema, options: ExampleOptions, field = ""): unknown {
  const { $ref: ref, const: constant, enum: values, default: usual } = schema;
  if (typeof ref === "string") {
    const named = options.components[ref.slice(ref.lastIndexOf("/") + 1)];
    return exampleOf(named ?? {}, options, field);
  }
  if (constant !== undefined) return constant;
  if (Array.isArray(values)) return values[0];
  if (usual !== undefined) return usual;
  const choices = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (choices?.[0]) return exampleOf(choices[0], options, field);
  const { type } = schema;
  switch (Array.isArray(type) ? type[0] : type) {
    case "string":
      return textFor(schema, field);
    case "integer":
    case "number":
      return numberFor(schema);
    case "boolean":
      return false;
    case "array":
      return listFor(schema, options, field);
    case "object":
      return objectFor(schema, options);
    default:
      return null;
  }
}

function listFor(schema: JsonSchema, options: ExampleOptions, field: string): unknown[] {
  const { items, prefixItems, minItems = 0 } = schema;
  if (Array.isArray(prefixItems)) return prefixItems.map((one) => exampleOf(one, options, field));
  const isNever = typeof items === "object" && items !== null && "not" in items;
  const wanted = options.whole && !isNever && schema.maxItems !== 0 ? 1 : 0;
  const item = (items ?? {}) as JsonSchema;
  return Array.from({ length: Math.max(Number(minItems), wanted) }, () =>
    exampleOf(item, options, field.replace(/s$/, "")),
  );
}

function objectFor(schema: JsonSchema, options: ExampleOptions): object {
  const { properties = {}, required = [] } = schema;
  const fields = Object.entries(properties as Record<string, JsonSchema>).filter(
    ([name, { not }]) =>
      not === undefined && (options.whole || (required as string[]).includes(name)),
  );
  return Object.fromEntries(fields.map(([name, one]) => [name, exampleOf(one, options, name)]));
}

function numberFor({ minimum, exclusiveMinimum, maximum }: JsonSchema): number {
  if (typeof minimum === "number") return minimum;
  if (typeof exclusiveMinimum === "number") return exclusiveMinimum + 1;
  return typeof maximum === "number" && maximum < 1 ? maximum : 1;
}

function textFor(schema: JsonSchema, field: string): string {
  const { pattern = "", format, minLength = 0 } = schema as { [key: string]: string };
  const prefix = /^\^\(?(?:\?:)?([a-z]+)_\[A-Za-z0-9_-\]\{21\}/.exec(pattern)?.[1];
  if (prefix !== undefined) return `${prefix}_${random}`;
  if (pattern.includes("[0-9a-f]{64}")) return hash;
  if (format === "date-time") return time;
  if (format === "date") return time.slice(0, 10);
  const kind = idFields[field];
  if (kind !== undefined) return `${idPrefixes[kind as keyof typeof idPrefixes]}_${random}`;
  const text = texts.find(([name]) => name.test(field))?.[1] ?? "text";
  return text.padEnd(Number(minLength), "x");
}
