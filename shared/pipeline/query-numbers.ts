import * as z from "zod";

const decimal = /^-?\d+(?:\.\d+)?$/;

/**
 * The first parameter that stands for a number and isn't written as one; null if none is.
 * JavaScript takes no text for 0, `0x10` for 16 and `1e1` for 10, and the answer would be another
 * one than was asked for.
 */
export function misspeltNumber(schema: z.ZodType, query: URLSearchParams): string | null {
  if (!(schema instanceof z.ZodObject)) return null;
  for (const [name, field] of Object.entries(schema.shape)) {
    const value = query.get(name);
    if (value !== null && isNumber(field) && !decimal.test(value)) return name;
  }
  return null;
}

function isNumber(field: unknown): boolean {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault) {
    return isNumber(field.unwrap());
  }
  return field instanceof z.ZodNumber;
}
