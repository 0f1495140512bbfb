/** The fields of a JSON Schema as rows of a table, and its type in a few words. */
import type { JsonSchema } from "../openapi/schemas.ts";
import { html, type Markup } from "./html.ts";

const depthMax = 3;

export function fieldRows(
  schema: JsonSchema,
  document: JsonSchema,
  prefix = "",
  depth = 0,
): Markup[] {
  const shape = shapeOf(schema, document);
  const { properties = {}, required = [] } = shape as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, property]) => {
    const isNeeded = required.includes(name);
    const star = isNeeded && depth === 0 ? "*" : "";
    const type = typeText(property, document);
    const row = html`<tr><td><code>${prefix}${name}</code>${star}<td>${type}\n`;
    if (depth + 1 >= depthMax || "$ref" in itemsOf(property)) return [row];
    return [row, ...fieldRows(itemsOf(property), document, `${prefix}${name}.`, depth + 1)];
  });
}

/** Such as `string, 1–200 characters`. */
export function typeText(schema: JsonSchema, document: JsonSchema): string {
  const { $ref: ref, const: constant, enum: values, anyOf, oneOf, not } = schema;
  if (typeof ref === "string") return ref.slice(ref.lastIndexOf("/") + 1);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  const choices = (anyOf ?? oneOf) as JsonSchema[] | undefined;
  if (choices) return [...new Set(choices.map((one) => typeText(one, document)))].join(" | ");
  if (not !== undefined) return "isn't taken";
  const { type, items, minLength, maxLength, minimum, maximum, maxItems, format, pattern } = schema;
  if (type === "array") {
    const most = maxItems === undefined ? "" : `, at most ${maxItems}`;
    return `list of ${typeText((items ?? {}) as JsonSchema, document)}${most}`;
  }
  const id = /^\^([a-z]+_)\[A-Za-z0-9_-\]\{21\}/.exec(String(pattern ?? ""))?.[1];
  const span = spanOf(minLength ?? minimum, maxLength ?? maximum);
  const unit = maxLength === undefined || span === "" ? "" : " characters";
  const kind = id === undefined ? (format ?? type ?? "anything") : `id, ${id}…`;
  return [String(kind), ...(span === "" ? [] : [`${span}${unit}`])].join(", ");
}

function spanOf(least: unknown, most: unknown): string {
  if (most !== undefined) return least === undefined ? `at most ${most}` : `${least}–${most}`;
  return least === undefined ? "" : `at least ${least}`;
}

function itemsOf(schema: JsonSchema): JsonSchema {
  return schema.type === "array" ? ((schema.items ?? {}) as JsonSchema) : schema;
}

function shapeOf(schema: JsonSchema, document: JsonSchema): JsonSchema {
  const { $ref: ref } = schema;
  if (typeof ref !== "string") return schema;
  const found = ref
    .slice("#/".length)
    .split("/")
    .reduce<unknown>((one, step) => Reflect.get(Object(one), step), document);
  return found as JsonSchema;
}
