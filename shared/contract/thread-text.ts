/**
 * Text that executions printed or people wrote into threads. It is for keys with `threads:read`;
 * other scopes have routes whose answers hold it beside ids and sums, and there it is left out.
 */
import * as z from "zod";
import { allows, type Scope } from "../core/keys/scopes.ts";

/** What the API's description says of such a field. */
export const threadTextNote = "Left out or null for a key without the scope threads:read.";
const needed = "threads:read";
const marked = new WeakSet<object>();

/** Marks a field of an answer. @throws if it allows neither null nor nothing. */
export function threadText<S extends z.ZodType>(field: S): S {
  if (!field.safeParse(null).success && !field.safeParse(undefined).success) {
    throw new Error("a field with thread text must allow null or nothing");
  }
  const described = field.describe(threadTextNote);
  marked.add(described);
  return described;
}

function isThreadText(schema: object): boolean {
  return marked.has(schema);
}

export function mayReadThreadText(granted: readonly Scope[]): boolean {
  return allows(granted, needed);
}

type Hide = (value: unknown) => unknown;
const known = new WeakMap<object, Hide | null>();

/** What an answer of this schema is to keys that may not read threads. */
export function withoutThreadText(schema: z.ZodType, value: unknown): unknown {
  const hide = hiderOf(schema);
  return hide === null ? value : hide(value);
}

/** Null if nothing of it is to be hidden. */
function hiderOf(schema: z.core.$ZodType): Hide | null {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const hide = makeHider(schema);
  known.set(schema, hide);
  return hide;
}

function makeHider(schema: z.core.$ZodType): Hide | null {
  if (isThreadText(schema)) {
    const empty = z.safeParse(schema, null).success ? null : undefined;
    return () => empty;
  }
  if (schema instanceof z.ZodObject) return objectHider(schema);
  if (schema instanceof z.ZodArray) return listHider(hiderOf(schema.element));
  if (schema instanceof z.ZodRecord) return recordHider(hiderOf(schema.valueType));
  if (schema instanceof z.ZodUnion) return inTurn(schema.options.map(hiderOf));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return hiderOf(schema.unwrap());
  }
  return null;
}

function objectHider({ shape }: z.ZodObject): Hide | null {
  const fields = Object.entries(shape).flatMap(([name, field]) => {
    const hide = hiderOf(field);
    return hide === null ? [] : [[name, hide] as const];
  });
  if (fields.length === 0) return null;
  return (value) => {
    if (!isObject(value)) return value;
    const shown = { ...value };
    for (const [name, hide] of fields) if (name in shown) shown[name] = hide(shown[name]);
    return shown;
  };
}

function listHider(hide: Hide | null): Hide | null {
  return hide && ((value) => (Array.isArray(value) ? value.map(hide) : value));
}

function recordHider(hide: Hide | null): Hide | null {
  if (hide === null) return null;
  return (value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hide(one)]))
      : value;
}

/** Hides what any kind of a union hides. */
function inTurn(hiders: readonly (Hide | null)[]): Hide | null {
  const all = hiders.filter((hide) => hide !== null);
  if (all.length === 0) return null;
  return (value) => all.reduce((shown, hide) => hide(shown), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
