/** Arbitrary values for a JSON Schema: most of them fit it, and some are wrong on purpose. */
import fc from "fast-check";
import { resolve } from "../api-document.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly not?: object;
}

/** A place that is filled with a real id of its kind when the request is sent. */
export interface IdPlace {
  readonly $id: string;
  readonly pick: number;
}

/** Texts that programs stumble over. */
export const oddText = fc.constantFrom(
  "",
  " ",
  "\t\n",
  "null",
  "undefined",
  "-0",
  "1e999",
  "'; DROP TABLE users; --",
  "../../etc/passwd",
  "%00",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "\u202Egnp.exe",
  "\u0000",
  "\uFEFF",
  "İstanbul ß ﬁ",
  "👩‍👩‍👧‍👦".repeat(20),
  "e\u0301".repeat(50),
  "constructor",
  "__proto__",
  "a".repeat(5_000),
);

const oddNumber = fc.constantFrom(
  0,
  -1,
  1.5,
  1e-9,
  2 ** 31,
  -(2 ** 53),
  2 ** 53,
  1e21,
  1e308,
  Number.MIN_VALUE,
);

const nested = fc.integer({ min: 2, max: 60 }).map((depth) => {
  let value: unknown = "leaf";
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
});

/** Any JSON at all. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  oddNumber,
  fc.constantFrom(null, true, false, [], {}),
  nested,
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(Array.from({ length: 1_500 }, (_, index) => index)),
);

/** @param wrong how many in a hundred values of each place don't fit. */
export function arbitraryValue(schema: Schema, wrong: number, depth = 0): fc.Arbitrary<unknown> {
  const fitting = fittingValue(schema, wrong, depth);
  if (wrong === 0) return fitting;
  return fc.oneof(
    { weight: 100 - wrong, arbitrary: fitting },
    { weight: wrong, arbitrary: oddValue },
  );
}

function fittingValue(schema: Schema, wrong: number, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    return fittingValue(resolve<Schema>({ $ref: schema.$ref }), wrong, depth);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    return fc.oneof(...choices.map((choice) => fittingValue(choice, wrong, depth)));
  }
  const { type } = schema;
  switch (typeof type === "string" ? type : type?.[0]) {
    case "string":
      return textValue(schema);
    case "integer":
      return fc.integer({
        min: Math.ceil(Math.max(schema.minimum ?? -1_000, -(2 ** 31))),
        max: Math.floor(Math.min(schema.maximum ?? 100_000, 2 ** 31 - 1)),
      });
    case "number":
      return fc
        .integer({ min: Math.ceil(schema.minimum ?? -5), max: Math.floor(schema.maximum ?? 50) })
        .map((whole) => whole / (whole % 2 ? 1 : 4));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(arbitraryValue(schema.items ?? {}, wrong, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case "object":
      return objectValue(schema, wrong, depth);
    default:
      return schema.not ? fc.constant(null) : oddValue;
  }
}

function objectValue(schema: Schema, wrong: number, depth: number): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const open = typeof additionalProperties === "object" ? additionalProperties : null;
  if (open && Object.keys(properties).length === 0) {
    const names = fittingValue(schema.propertyNames ?? { type: "string" }, 0, depth).map(String);
    return fc.dictionary(names, arbitraryValue(open, wrong, depth + 1), { maxKeys: 4 });
  }
  const entries = Object.entries(properties).map(([name, property]) => {
    const value = arbitraryValue(property, wrong, depth + 1);
    const missing = required.includes(name) ? Math.ceil(wrong / 2) : 70;
    const isThere = fc.integer({ min: 0, max: 99 }).map((drawn) => drawn >= missing);
    return fc.tuple(fc.constant(name), isThere, value);
  });
  const extra = fc.tuple(
    fc.oneof(oddText, fc.string({ maxLength: 12 })),
    fc.integer({ min: 0, max: 99 }).map((drawn) => drawn < Math.ceil(wrong / 4)),
    oddValue,
  );
  return fc.tuple(extra, ...entries).map((drawn) => {
    const chosen = drawn.filter(([, isThere]) => isThere).map(([name, , value]) => [name, value]);
    return Object.fromEntries(chosen);
  });
}

const idPattern = /^\^\(?(?:\?:)?([a-z]+)_\[A-Za-z0-9_-\]\{21\}/;

function textValue(schema: Schema): fc.Arbitrary<unknown> {
  const { pattern = "", format, minLength = 0, maxLength = 60 } = schema;
  const prefix = idPattern.exec(pattern)?.[1];
  if (prefix !== undefined) {
    return fc.nat({ max: 1_000 }).map((pick): IdPlace => ({ $id: prefix, pick }));
  }
  if (pattern.includes("[0-9a-f]{64}")) return fc.constant("0".repeat(64));
  if (format === "date-time") {
    return fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  if (format === "date") return fc.constantFrom("2026-11-23", "2024-02-29", "1970-01-01");
  if (format === "email") return fc.constant("somebody@elsewhere.example");
  if (pattern !== "") return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    unit: "grapheme",
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, 60)),
  });
}
