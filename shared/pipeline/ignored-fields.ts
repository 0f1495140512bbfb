/**
 * What a request holds that its route doesn't know. The public API ignores such fields, and so does
 * this one; a header names them, because a misspelt field would otherwise look as if it worked.
 */
import type { ServerResponse } from "node:http";
import * as z from "zod";
import { type Framing, hasBody } from "../http/framing.ts";
import type { Route } from "./route.ts";

export const warningsHeader = "x-paddock-warnings";

/** More names would help nobody, and a body may hold thousands. */
const namesMax = 5;
/** Only names of this form are repeated: a header can't hold all texts. */
const showable = /^[A-Za-z_][\w-]{0,63}$/;

/** The fields of an object and what each may be; null if any field is taken. */
type Fields = ReadonlyMap<string, readonly z.ZodType[]> | null;

const known = new WeakMap<z.ZodType, Fields>();

/** The fields that a schema knows, in whichever of its forms. */
export function fieldsOf(schema: z.ZodType): Fields {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const fields = readFields(schema);
  known.set(schema, fields);
  return fields;
}

function readFields(schema: z.ZodType): Fields {
  if (schema instanceof z.ZodObject) {
    const { catchall } = schema.def;
    const isOpen = catchall !== undefined && !refusesAll(catchall);
    return isOpen ? null : new Map(Object.entries(schema.shape).map(([key, one]) => [key, [one]]));
  }
  const parts = formsOf(schema).map(fieldsOf);
  const joined = new Map<string, readonly z.ZodType[]>();
  for (const part of parts) {
    // Another form, such as text, has no fields to compare with.
    if (part === null) continue;
    for (const [name, forms] of part) joined.set(name, [...(joined.get(name) ?? []), ...forms]);
  }
  return joined.size === 0 ? null : joined;
}

/** Whether an object with this catchall refuses the fields that it doesn't know. */
function refusesAll(catchall: z.core.$ZodType): boolean {
  return catchall instanceof z.ZodNever || !z.safeParse(catchall, "anything").success;
}

/** What a value of the schema may be, one step further in; empty for what has no fields. */
function formsOf(schema: z.ZodType): readonly z.ZodType[] {
  if (schema instanceof z.ZodPipe) {
    const { in: first, out: last } = schema.def;
    return [(first instanceof z.ZodTransform ? last : first) as z.ZodType];
  }
  if (schema instanceof z.ZodUnion) return schema.options as readonly z.ZodType[];
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (schema instanceof z.ZodLazy) return [schema.unwrap() as z.ZodType];
  if (schema instanceof z.ZodIntersection)
    return [schema.def.left as z.ZodType, schema.def.right as z.ZodType];
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch;
  return wraps ? [schema.unwrap() as z.ZodType] : [];
}

/** Only people and their programs read warnings: no runner, scheduler or sender of webhooks. */
const warned: ReadonlySet<Route["authenticate"]> = new Set([
  ...(["api-key", "operator", "first-operator"] as const),
]);

export function isWarned({ authenticate }: Pick<Route, "authenticate">): boolean {
  return warned.has(authenticate);
}

/** One sentence on what was ignored of a value that the schema took; null if nothing was. */
export function ignoredSentence(
  schema: z.ZodType,
  value: unknown,
  kind: "field" | "parameter",
): string | null {
  const names = new Set<string>();
  collect([schema], value, { prefix: "", names });
  return sentenceOn([...names], kind);
}

/** The same on the fields of a form. */
export function ignoredOfForm(names: Iterable<string>): string | null {
  return sentenceOn([...new Set([...names].map(shownName))], "field");
}

/**
 * The same on a body where none is taken. `{}` and `[]` say nothing, and some clients send one with
 * every request.
 */
export function ignoredBody(framing: Framing): string | null {
  const saysNothing = framing.kind === "length" && framing.bytes <= "{}".length;
  if (!hasBody(framing) || saysNothing) return null;
  return "This route takes no body, and the one that was sent was ignored.";
}

function sentenceOn(all: readonly string[], kind: "field" | "parameter"): string | null {
  if (all.length === 0) return null;
  const shown = all.slice(0, namesMax).join(", ");
  const more = all.length > namesMax ? " and others" : "";
  return all.length === 1
    ? `The ${kind} ${shown} isn't known here and was ignored.`
    : `The ${kind}s ${shown}${more} aren't known here and were ignored.`;
}

function shownName(name: string): string {
  return showable.test(name) ? name : "of another name";
}

interface Found {
  readonly prefix: string;
  readonly names: Set<string>;
}

function collect(schemas: readonly z.ZodType[], value: unknown, found: Found): void {
  if (typeof value !== "object" || value === null || found.names.size > namesMax) return;
  if (Array.isArray(value)) {
    for (const element of value) collect(schemas, element, found);
    return;
  }
  const forms = schemas.map(fieldsOf);
  if (forms.some((fields) => fields === null)) return;
  for (const [name, inner] of Object.entries(value)) {
    const within = forms.flatMap((fields) => fields?.get(name) ?? []);
    const isKnown = forms.some((fields) => fields?.has(name));
    if (isKnown) collect(within, inner, { ...found, prefix: `${found.prefix}${name}.` });
    else if (inner !== null) found.names.add(`${found.prefix}${shownName(name)}`);
  }
}

/** Adds a sentence to those that the answer carries beside its body. */
export function addWarning(response: ServerResponse, sentence: string | null): void {
  if (sentence === null || response.headersSent) return;
  const before = response.getHeader(warningsHeader);
  response.setHeader(warningsHeader, before === undefined ? sentence : `${before} ${sentence}`);
}

/** A reply's headers; its warnings don't displace those that the answer carries already. */
export function withEarlierWarnings(
  response: ServerResponse,
  headers: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  const before = response.getHeader(warningsHeader);
  const own = headers?.[warningsHeader];
  if (before === undefined || own === undefined) return headers;
  return { ...headers, [warningsHeader]: `${before} ${own}` };
}
