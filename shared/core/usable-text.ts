/** Finds text from outside that a later stage couldn't store or use. */

/** Why a value can't be used, and where it is: a path in the form `a.b.0`. */
export interface Unusable {
  readonly field: string;
  readonly why: "ill-formed" | "reserved-name" | "nul";
}

/** JSON without any of these contains nothing that `findUnusable` looks for. */
const suspicious = /\\u|__proto__/;
const fieldLengthMax = 200;

/** Whether parsed JSON must be searched; most JSON needn't. */
export function mayBeUnusable(jsonText: string): boolean {
  return suspicious.test(jsonText);
}

/**
 * The first value in parsed JSON that a later stage would alter, drop or fail on: half a surrogate
 * pair, which UTF-8 can't hold; a field called `__proto__`, which schemas and objects drop; and,
 * unless `nul` is `kept`, U+0000, which no variable, script or file name can hold.
 */
export function findUnusable(parsed: unknown, nul: "refused" | "kept"): Unusable | null {
  return inValue(parsed, "", nul);
}

function inValue(value: unknown, field: string, nul: "refused" | "kept"): Unusable | null {
  if (typeof value === "string") return inText(value, field, nul);
  if (typeof value !== "object" || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const below = field === "" ? name : `${field}.${name}`;
    const found =
      (name === "__proto__" ? ({ field: below, why: "reserved-name" } as const) : null) ??
      inText(name, below, nul) ??
      inValue(inner, below, nul);
    if (found) return found;
  }
  return null;
}

function inText(text: string, field: string, nul: "refused" | "kept"): Unusable | null {
  if (!text.isWellFormed()) return { field, why: "ill-formed" };
  if (nul === "refused" && text.includes("\u0000")) return { field, why: "nul" };
  return null;
}

/** A field's path as an answer may show it: well-formed, printable and not too long. */
export function shownField(field: string): string {
  return cutText(field.toWellFormed().replace(/\p{Cc}/gu, "\ufffd"), fieldLengthMax);
}

/** The beginning of `text`, at most `lengthMax` units, without splitting a character. */
export function cutText(text: string, lengthMax: number): string {
  const last = text.charCodeAt(lengthMax - 1);
  const isSplit = text.length > lengthMax && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isSplit ? lengthMax - 1 : lengthMax);
}
