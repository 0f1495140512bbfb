/** What text from outside must be so that every later stage can keep it and use it. */

/** Why something can't be used, and where it stands: a path in the form `a.b.0`. */
export interface Unusable {
  readonly field: string;
  readonly why: "ill-formed" | "reserved-name" | "nul";
}

/** JSON without any of these holds nothing that `findUnusable` looks for, and isn't walked. */
const suspicious = /\\u|__proto__/;
const fieldLengthMax = 200;

/** Whether JSON text needs to be looked through at all; most of it doesn't. */
export function mayBeUnusable(jsonText: string): boolean {
  return suspicious.test(jsonText);
}

/**
 * The first thing in parsed JSON that a later stage would alter, drop or fail on: half a surrogate
 * pair, which no UTF-8 can hold; a field called `__proto__`, which schemas and objects drop; and,
 * unless `nul` is `kept`, the character U+0000, which no variable, script or file name can hold.
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

/** A field's path as an answer may show it: well-formed, printable, and no longer than it helps. */
export function shownField(field: string): string {
  return cutText(field.toWellFormed().replace(/\p{Cc}/gu, "\ufffd"), fieldLengthMax);
}

/** The beginning of `text`, at most `lengthMax` units, that doesn't end within a character. */
export function cutText(text: string, lengthMax: number): string {
  const last = text.charCodeAt(lengthMax - 1);
  const isSplit = text.length > lengthMax && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isSplit ? lengthMax - 1 : lengthMax);
}
