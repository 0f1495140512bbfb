/**
 * A request for each route that is valid except for its caller, made from the route's own schemas.
 * What can't be derived from them is listed below; a route that neither covers fails.
 */
import * as z from "zod";
import { idPrefixes } from "#shared/core/ids";
import type { TableRoute } from "./table.ts";

/** Ids by the prefix of their kind. */
export type Ids = Readonly<Record<string, string>>;

/** Ids of the right form that belong to nobody. */
export const nobodys: Ids = Object.fromEntries(
  Object.values(idPrefixes).map((prefix) => [prefix, `${prefix}_${"0".repeat(21)}`]),
);

/** Bodies that can't be derived from a schema. */
const bodies = (ids: Ids): Readonly<Record<string, object>> => ({
  "POST /v1/threads/:threadId/messages": { content: "true" },
  "POST /v1/environments/:environmentId/git/branch": { name: "a" },
  "PUT /v1/environments/:environmentId/git/branch": { name: "a" },
  "POST /v1/environments/:environmentId/git/clone": { repoUrl: "https://example.com/a.git" },
  "POST /v1/schedules": { name: "a", task: "true", cronExpression: "0 9 1 1 *", enabled: false },
  "POST /v1/orchestrations": {
    name: "a",
    environmentId: ids.env,
    strategy: "parallel",
    steps: [{ name: "a", agentId: ids.agent, instructions: "true" }],
  },
  "POST /v1/orchestrations/:orchestrationId/runs": {},
  "PATCH /v1/orchestrations/:orchestrationId": { name: "b" },
  "POST /v1/triggers": {
    name: "a",
    environmentId: ids.env,
    source: "webhook",
    event: "deploy",
    action: { type: "send_message", prompt: "true" },
    enabled: false,
  },
});

/** Parameters that aren't ids. */
const words: Readonly<Record<string, string>> = {
  key: "NAME",
  "*": "a.txt",
  version: "v1",
  type: "python",
  call: "gemini-2.5-flash:generateContent",
  // Routes that aren't offered look at no id.
  environmentId: "any",
  threadId: "any",
  userId: "any",
  address: "any",
  stepId: `step_${"0".repeat(21)}_m`,
  sessionId: "any",
};

/** Fields whose names look like ids: the prefix of what they name, or null for a client's label. */
const prefixOfField: Readonly<Record<string, string | null>> = {
  environmentId: "env",
  environmentIds: "env",
  environments: "env",
  computerId: "env",
  targetEnvironmentId: "env",
  agentId: "agent",
  coordinatorAgentId: "agent",
  orchestrationId: "orch",
  orchestrationRunId: "orun",
  threadId: "thread",
  messageId: "msg",
  editMessageId: "msg",
  executionId: "run",
  runId: "run",
  keyId: "key",
  apiKeyId: "key",
  requestId: null,
  userId: "user",
  projectId: null,
  appId: null,
  // Labels of a schedule.
  contextId: null,
  // What a client calls a container is looked for among the environment's own executions.
  containerId: null,
  workspaceId: null,
  // Names something that the deployment sells.
  variantId: null,
  referenceId: null,
};

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
}

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as Schema;
}

const idPattern = /^\^([a-z]+)_\[A-Za-z0-9_-\]\{21\}\$$/;

function idIn(pattern: string | undefined, ids: Ids): string | null {
  const prefix = idPattern.exec(pattern ?? "")?.[1];
  if (prefix === undefined) return null;
  const id = ids[prefix];
  if (id === undefined) throw new Error(`the suite needs an id that begins with ${prefix}_`);
  return id;
}

function textFor(schema: Schema, ids: Ids): string {
  const id = idIn(schema.pattern, ids);
  if (id !== null) return id;
  if (schema.pattern?.includes("[0-9a-f]{64}")) return "0".repeat(64);
  if (schema.format === "email") return "somebody@elsewhere.example";
  const word = schema.pattern === undefined ? "a long value" : "NAME";
  return word.padEnd(schema.minLength ?? 0, "x");
}

/** The smallest value that a schema accepts. */
function sampleOf(schema: Schema, ids: Ids): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const first = (schema.anyOf ?? schema.oneOf)?.[0];
  if (first) return sampleOf(first, ids);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return textFor(schema, ids);
    case "integer":
    case "number":
      return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
    case "boolean":
      return false;
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}, ids));
    case "object": {
      const { required = [], properties = {} } = schema;
      // A field that must be absent has an empty schema.
      const named = required.filter((name) => Object.keys(properties[name] ?? {}).length > 0);
      const wanted = named.map((name) => [name, sampleOf(properties[name] ?? {}, ids)]);
      return Object.fromEntries(wanted);
    }
    default:
      return null;
  }
}

/** @throws if a parameter of the path is neither an id nor known to the suite. */
export function pathFor({ path, route, title }: TableRoute, ids: Ids = nobodys): string {
  const { properties = {} } = jsonSchema(route.params);
  const filled = path.replace(/:([A-Za-z0-9]+)|\*/g, (found, parameter = found) => {
    const schema = properties[parameter];
    if (!schema) throw new Error(`${title} doesn't declare its parameter ${parameter}`);
    const id = idIn(schema.pattern, ids) ?? words[parameter];
    if (id !== undefined) return id;
    if (schema.pattern?.includes("[0-9a-f]{64}")) return "0".repeat(64);
    throw new Error(`${title}: the suite has no sample of :${parameter}`);
  });
  const { required = [] } = jsonSchema(route.query);
  // What a number is coerced from has no type, so its bounds are those of what comes out.
  const read = z.toJSONSchema(route.query, { unrepresentable: "any", io: "output" }) as Schema;
  const sampled = (name: string): [string, string] => {
    const { minimum } = read.properties?.[name] ?? {};
    return [name, words[name] ?? String(minimum ?? "a")];
  };
  return required.length === 0 ? filled : `${filled}?${new URLSearchParams(required.map(sampled))}`;
}

/** @throws if the route takes JSON and the suite has none for it. */
export function bodyFor({ route, title }: TableRoute, ids: Ids = nobodys): object | undefined {
  if (typeof route.body === "string") return undefined;
  const { body: schema } = route;
  const known = bodies(ids)[title];
  const tried = known ? [known] : candidates(jsonSchema(schema), ids);
  const taken = tried.find((body) => schema.safeParse(body).success);
  if (taken) return taken;
  const why = schema.safeParse(tried[0]).error?.message;
  throw new Error(`${title}: the suite has no body that it takes: ${why}`);
}

/** The smallest body, and one with each optional field. */
function candidates(schema: Schema, ids: Ids): readonly object[] {
  const least = Object(sampleOf(schema, ids));
  const more = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    ...least,
    [name]: sampleOf(property, ids),
  }));
  return [least, ...more];
}

export interface IdField {
  readonly where: "query" | "body";
  readonly field: string;
  readonly prefix: string;
  /** The id alone, or in a list if the field is one. */
  valueFor(id: string): unknown;
}

/** The fields of query and body that name something of an owner. @throws for an unknown one. */
export function idFieldsOf({ route, title }: TableRoute): readonly IdField[] {
  const inBody = typeof route.body === "string" ? {} : (jsonSchema(route.body).properties ?? {});
  const inQuery = jsonSchema(route.query).properties ?? {};
  const fieldsIn = (where: IdField["where"], properties: Readonly<Record<string, Schema>>) =>
    Object.entries(properties).flatMap(([field, schema]): IdField[] => {
      // A field with an empty schema is never looked up: it is refused, or only warned of.
      if (Object.keys(schema).length === 0) return [];
      const prefix = prefixIn(schema) ?? prefixByName(field, title);
      if (prefix === null) return [];
      const isList = flattened(schema).some(({ type }) => type === "array");
      return [{ where, field, prefix, valueFor: (id) => (isList ? [id] : id) }];
    });
  return [...fieldsIn("query", inQuery), ...fieldsIn("body", inBody)];
}

function flattened(schema: Schema): readonly Schema[] {
  return [schema, ...(schema.anyOf ?? schema.oneOf ?? []).flatMap(flattened)];
}

function prefixIn(schema: Schema): string | null {
  const patterns = flattened(schema).flatMap((one) => [one.pattern, one.items?.pattern]);
  const found = patterns.map((pattern) => idPattern.exec(pattern ?? "")?.[1]);
  return found.find((prefix) => prefix !== undefined) ?? null;
}

function prefixByName(field: string, title: string): string | null {
  const known = prefixOfField[field];
  if (known !== undefined) return known;
  if (!/(?:Id|Ids|_id)$/.test(field)) return null;
  throw new Error(`${title}: the suite doesn't know what ${field} names`);
}
