/**
 * Fields of the public API that have no effect here. Unknown fields are ignored, but these are
 * known, so their sender gets an answer: a refusal where ignoring the field would do something else
 * than was asked, a warning where it only does less.
 */
import * as z from "zod";

/** A value that asks for nothing: absent, null, false, empty, or made of such values only. */
export function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value).every(asksForNothing);
}

/**
 * A field that may only ask for nothing. @param message continues a sentence that names the field.
 */
export function unsupported(message: string) {
  return z.unknown().refine(asksForNothing, message).optional();
}

/**
 * A check for `refine`: if a body uses both names of a field, their values must be the same.
 * @returns the check, and the message that names the older field.
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

/** A field that is accepted and only causes a warning. */
export const ignoredField = z.unknown().optional();

/** One sentence for each field that should be changed. */
export const Warnings = z.array(z.string());

/** Marks a field that needs no warning: it does what it says, is a mere label, or is refused. */
export const noWarning = null;

/**
 * What to say of a body's fields. All are listed, so that none without effect is forgotten; each
 * text continues a sentence that names its field.
 */
export type WarningTexts<T> = { readonly [K in keyof T & string]-?: string | typeof noWarning };

/** One sentence for each field that asks for something and has no effect. */
export function unsupportedWarnings<T extends object>(body: T, texts: WarningTexts<T>): string[] {
  return Object.entries<string | null>(texts).flatMap(([field, text]) =>
    text === noWarning || asksForNothing(Reflect.get(body, field)) ? [] : [`${field} ${text}.`],
  );
}
