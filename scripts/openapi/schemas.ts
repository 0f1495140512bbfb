/** Makes the schemas and answers of operations, and collects those that have a name. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { catalogue, type ErrorCode } from "#shared/errors/catalogue";

export type JsonSchema = { [key: string]: unknown };
type Direction = "input" | "output";

const definitions = "#/$defs/";
/** Zod bounds every integer by what a double can hold, which says nothing. */
const bounds = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

export class SchemaBook {
  readonly #names: z.core.$ZodRegistry<{ id: string }>;
  readonly #refusals = new Map<string, JsonSchema>();
  readonly #named = { input: new Map<string, JsonSchema>(), output: new Map<string, JsonSchema>() };

  private constructor(names: z.core.$ZodRegistry<{ id: string }>) {
    this.#names = names;
  }

  /** Names the schemas that the modules of `shared/contract` export. */
  static async open(root: string): Promise<SchemaBook> {
    const folder = join(root, "shared", "contract");
    const files = readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name));
    const modules = files.map(
      async (file): Promise<Record<string, unknown>> =>
        await import(pathToFileURL(join(folder, file)).href),
    );
    return SchemaBook.naming(await Promise.all(modules));
  }

  /** Names each schema as its module does. @throws if two schemas would have one name. */
  static naming(modules: readonly Readonly<Record<string, unknown>>[]): SchemaBook {
    const names = z.registry<{ id: string }>();
    const taken = new Set<string>();
    for (const [name, value] of modules.flatMap((module) => Object.entries(module))) {
      if (!(value instanceof z.ZodType && isNamed(name, value)) || names.has(value)) continue;
      const id = name.replace(/Body$/, "");
      if (taken.has(id)) throw new Error(`two schemas are called ${id}: rename one of them`);
      taken.add(id);
      names.add(value, { id });
    }
    return new SchemaBook(names);
  }

  /** What a client may send. Objects that refuse unknown fields say so. */
  input(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, "input");
  }

  /** What a client gets. Fields may be added in later releases, so none is forbidden. */
  output(schema: z.ZodType): JsonSchema {
    return this.#convert(schema, "output");
  }

  /** One answer for each status of the codes, which operations with the same codes share. */
  refusals(codes: readonly ErrorCode[]): JsonSchema {
    const byStatus = Map.groupBy(codes, (code) => catalogue[code].status);
    const answers = [...byStatus].map(([status, some]) => {
      const name = [status, ...some].join(".");
      this.#refusals.set(name, refusedAnswer(some));
      return [status, { $ref: `#/components/responses/${name}` }];
    });
    return Object.fromEntries(answers);
  }

  /** The answers that `refusals` named. */
  responses(): Record<string, JsonSchema> {
    return Object.fromEntries(
      [...this.#refusals].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** The named schemas. One that differs for input and output has two names. */
  components(): Record<string, JsonSchema> {
    const { input, output } = this.#named;
    const all = new Map(output);
    for (const [id, schema] of input) all.set(this.#nameOf(id, "input"), schema);
    const sorted = [...all].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted.map(([id, schema]) => [id, this.resolved(schema)]));
  }

  /** The value with references that the document understands; call it once all are converted. */
  resolved<T>(value: T): T {
    return mapObjects(value, (one) => {
      const { $ref: ref } = one;
      if (typeof ref !== "string" || !ref.startsWith(definitions)) return one;
      const [direction, id = ""] = ref.slice(definitions.length).split("/");
      return { ...one, $ref: `#/components/schemas/${this.#nameOf(id, direction as Direction)}` };
    }) as T;
  }

  #nameOf(id: string, direction: Direction): string {
    const { input, output } = this.#named;
    if (direction === "output" || !output.has(id)) return id;
    const same = JSON.stringify(input.get(id)).replaceAll(`${definitions}input/`, "");
    const differs = same !== JSON.stringify(output.get(id)).replaceAll(`${definitions}output/`, "");
    return differs ? `${id}Input` : id;
  }

  #convert(schema: z.ZodType, io: Direction): JsonSchema {
    const converted = z.toJSONSchema(schema, {
      io,
      metadata: this.#names as never,
      unrepresentable: "any",
      // Ids are in a registry of their own; descriptions are where zod keeps them.
      override: ({ zodSchema, jsonSchema }) => {
        const about = z.globalRegistry.get(zodSchema)?.description;
        if (about !== undefined) jsonSchema.description = about;
      },
    }) as JsonSchema;
    const cleaned = clean(converted, io) as JsonSchema;
    const { $defs: named = {}, ...rest } = cleaned;
    for (const [id, one] of Object.entries(named as Record<string, JsonSchema>)) {
      const known = this.#named[io].get(id);
      if (known && JSON.stringify(known) !== JSON.stringify(one)) {
        throw new Error(`two different schemas have the id ${id}`);
      }
      this.#named[io].set(id, one);
    }
    return rest;
  }
}

/** A lower-case export is a part, and the fields of a query are parameters of their own. */
function isNamed(name: string, schema: z.ZodType): boolean {
  return /^[A-Z].*(?<!Query)$/.test(name) && schema instanceof z.ZodObject;
}

function refusedAnswer(codes: readonly ErrorCode[]): JsonSchema {
  return {
    description: codes.map((code) => `\`${code}\`: ${catalogue[code].message}`).join("\n\n"),
    headers: { "x-request-id": { $ref: "#/components/headers/RequestId" } },
    content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
    "x-codes": codes,
  };
}

function clean(schema: JsonSchema, io: Direction): unknown {
  return mapObjects(schema, ({ $schema: _schema, $id: _id, id, ...one }) => {
    // A field that is called `id` is an object; the id of a schema is a string.
    const kept: JsonSchema = typeof id === "object" ? { id, ...one } : one;
    if (io === "output" && kept.additionalProperties === false) delete kept.additionalProperties;
    if (kept.minimum === bounds.minimum) delete kept.minimum;
    if (kept.maximum === bounds.maximum) delete kept.maximum;
    const { $ref: ref } = kept;
    if (typeof ref === "string" && ref.startsWith(definitions)) {
      kept.$ref = `${definitions}${io}/${ref.slice(definitions.length)}`;
    }
    return kept;
  });
}

/** Copies a JSON value, with every object in it replaced from the inside out. */
function mapObjects(value: unknown, change: (object: JsonSchema) => JsonSchema): unknown {
  if (Array.isArray(value)) return value.map((one) => mapObjects(one, change));
  if (typeof value !== "object" || value === null) return value;
  return change(
    Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapObjects(one, change)])),
  );
}
