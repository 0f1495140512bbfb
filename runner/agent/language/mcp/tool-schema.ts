/**
 * JSON Schemas of MCP servers' tools. A provider refuses a whole request for one schema that it
 * doesn't take, so a schema is rebuilt from what all of them know, or replaced by "any object".
 */

const depthMax = 8;
const partsMax = 400;
const textLengthMax = 500;
/** What all providers take for the name of a property. */
const propertyName = /^[A-Za-z0-9_.-]{1,64}$/;
const types = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);
const bounds = ["minimum", "maximum"];
const counts = ["minItems", "maxItems", "minLength", "maxLength"];

type Redact = (text: string) => string;
type Part = Readonly<Record<string, unknown>>;

const anyObject: object = { type: "object", properties: {} };

/**
 * The schema as far as it can be passed on; whatever it says, it describes an object. A choice
 * between whole schemas, which providers take inside of one only, is left out.
 *
 * @param redact Removes secrets from a text. A name or a choice with one isn't passed on.
 */
export function passableSchema(schema: unknown, redact: Redact): object {
  try {
    const { anyOf: _choice, enum: _values, ...rebuilt } = new Rebuilder(redact).part(schema, 0);
    return rebuilt.type === "object" ? { properties: {}, ...rebuilt } : anyObject;
  } catch {
    return anyObject;
  }
}

class Rebuilder {
  readonly #redact: Redact;
  #parts = 0;

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  /** @throws {Error} If it can't be passed on without changing what it says. */
  part(schema: unknown, depth: number): Part {
    this.#parts += 1;
    if (depth > depthMax || this.#parts > partsMax || !isObject(schema)) throw new Error("no");
    if ("$ref" in schema || "allOf" in schema || "oneOf" in schema) throw new Error("no");
    const { type, description, properties, required, items, anyOf } = schema;
    const inner = (one: unknown) => this.part(one, depth + 1);
    return {
      ...(typeof type === "string" && types.has(type) && { type }),
      ...(typeof description === "string" && {
        description: this.#redact(description).slice(0, textLengthMax).toWellFormed(),
      }),
      ...(isObject(properties) && { properties: this.#properties(properties, inner) }),
      ...(Array.isArray(required) &&
        isObject(properties) && {
          required: [...new Set(required)].filter(
            (name) => typeof name === "string" && Object.hasOwn(properties, name),
          ),
        }),
      // Some refuse a list that doesn't say of what.
      ...(isObject(items) ? { items: inner(items) } : type === "array" && { items: {} }),
      ...(Array.isArray(anyOf) && anyOf.length > 0 && { anyOf: anyOf.map(inner) }),
      ...this.#values(schema),
    };
  }

  #properties(properties: Part, inner: (one: unknown) => Part): Part {
    const pairs = Object.entries(properties).map(([name, one]): [string, Part] => {
      if (!propertyName.test(name) || this.#redact(name) !== name) throw new Error("no");
      return [name, inner(one)];
    });
    return Object.fromEntries(pairs);
  }

  #values(schema: Part): Part {
    const { enum: given, type = "string" } = schema;
    // A choice of texts, none of them empty, is what all providers take.
    const choices = type === "string" ? given : [];
    const isChoice = (one: unknown) =>
      typeof one === "string" &&
      one !== "" &&
      one.length <= textLengthMax &&
      this.#redact(one) === one;
    const limits = [
      ...bounds.filter((name) => Number.isFinite(schema[name])),
      ...counts.filter((name) => Number.isSafeInteger(schema[name]) && Number(schema[name]) >= 0),
    ];
    return {
      ...(Array.isArray(choices) && choices.length > 0 && choices.length <= partsMax
        ? choices.every(isChoice) && { enum: [...new Set(choices)] }
        : {}),
      ...Object.fromEntries(limits.map((name) => [name, schema[name]])),
    };
  }
}

function isObject(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
