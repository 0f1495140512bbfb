/**
 * Numbers of a body that are kept as others: a double rounds whole numbers of more than 15 digits,
 * and has none for the largest, which JSON writes as null. Clients that send ids as numbers would
 * get other ids back.
 */
import { shownField } from "../core/usable-text.ts";

/** JSON without any of these has no such number. */
const suspicious = /\d{16}|\d[eE]\+?\d/;
const wholeNumber = /^-?\d+$/;
/** Stands for a number that is changed. */
const changed = Symbol("changed");

/** One sentence on the first of them; null if there is none. @param json What was parsed before. */
export function changedNumberSentence(json: string): string | null {
  if (!suspicious.test(json)) return null;
  const field = placeOf(JSON.parse(json, marking), "");
  if (field === null) return null;
  const named = field === "" ? "The body" : `The field ${nameFor(field)}`;
  return `${named} holds a number that is too long, and was changed: send it as a text.`;
}

function marking(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  if (!Number.isFinite(value)) return changed;
  if (Number.isSafeInteger(value) || !wholeNumber.test(source)) return value;
  return BigInt(source) === BigInt(value) ? value : changed;
}

function placeOf(value: unknown, field: string): string | null {
  if (value === changed) return field;
  if (typeof value !== "object" || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const found = placeOf(inner, field === "" ? name : `${field}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** A header can't hold all texts. */
function nameFor(field: string): string {
  return /^[\x21-\x7e]+$/.test(field) ? shownField(field) : "of another name";
}
