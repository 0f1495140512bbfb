/**
 * Fields of the public API that nothing here does anything about. Unknown fields are ignored, as
 * the API has it; these are known, and whoever sends one is told: refused where ignoring it would
 * do something else than was asked, warned of where it only does less.
 */
import * as z from "zod";

/** Absent, null, false, empty, or made of nothing else: asks for nothing. */
function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value).every(asksForNothing);
}

/** A field that may only ask for nothing. @param message reads on after the field's name. */
export function unsupported(message: string) {
  return z.unknown().refine(asksForNothing, message).optional();
}

/** A field whose false can't be granted; true is how it is anyway. */
export function onlyTrue(message: string) {
  return z
    .unknown()
    .refine((value) => value !== false, message)
    .optional();
}

/**
 * For `refine`: one field that has two names, of which only one value can be taken.
 * @returns the check, and what is said of the older name.
 */
export function sameByBothNames(
  name: string,
  older: string,
): [(body: object) => boolean, { path: string[]; message: string }] {
  const agree = (body: object) => {
    const [one, other]: unknown[] = [Reflect.get(body, name), Reflect.get(body, older)];
    return one === undefined || other === undefined || one === other;
  };
  const message = `is another name of ${name}, and contradicts it: send one of the two`;
  return [agree, { path: [older], message }];
}

/** A field that is taken, and only warned of. */
export const warnedOf = z.unknown().optional();

/**
 * A sentence for each field that asks for something.
 * @param texts by field; each reads on after its name.
 */
export function unsupportedWarnings<T extends object>(
  body: T,
  texts: { readonly [K in keyof T & string]?: string },
): string[] {
  return Object.entries(texts).flatMap(([field, text]) =>
    asksForNothing(Reflect.get(body, field)) ? [] : [`${field} ${text}.`],
  );
}
