/**
 * Turns what a schema found wrong into what to change. The result ends a sentence that begins with
 * the field's name, and quotes nothing of what was sent.
 */
import type { z } from "zod";

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

const things: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
  date: "a date",
};
const forms: Readonly<Record<string, string>> = {
  email: "an e-mail address",
  url: "an absolute URL",
  datetime: "a date and time as ISO 8601 has it, such as 2026-01-31T00:00:00Z",
  date: "a date as ISO 8601 has it, such as 2026-01-31",
  safeint: "a whole number",
  int32: "a whole number",
};
/** All of the longest list that a route takes: a test holds that none is cut. */
export const valuesMax = 24;
/** What is said of a value that has none of several forms, if they don't say it themselves. */
const noForm = "must have a form that the documentation shows";

/** An error map for `safeParse`, for findings without a message of the schema's own. */
export const sayWhatToChange: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is required" : `must be ${thing(issue.expected)}`;
    case "too_small":
      return `must ${measure(issue, "at least", issue.minimum)}`;
    case "too_big":
      return `must ${measure(issue, "at most", issue.maximum)}`;
    case "invalid_format":
      return form(issue.format);
    case "invalid_value":
      if (issue.input === undefined) return "is required";
      return oneOf(issue.values.map((value) => JSON.stringify(value)));
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_union":
      if (issue.input === undefined) return "is required";
      return discriminator(issue) ?? typesOf(issue) ?? noForm;
    case "invalid_key":
      return nameOf(issue);
    case "unrecognized_keys":
      return "has a field that isn't taken here";
    default:
      return "must be of the form that the documentation shows";
  }
};

/**
 * What is wrong in a value of several possible forms: if it is of the type of one form alone, what
 * is wrong in that form, with the path of its own.
 */
export function withinForm(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.message !== noForm) return [issue];
  const isOtherType = ({ code, path }: z.core.$ZodIssue) =>
    path.length === 0 && code === "invalid_type";
  const [only, other] = issue.errors.filter((form) => form.length > 0 && !form.some(isOtherType));
  if (!only || other) return [issue];
  return only.flatMap((inner) => withinForm({ ...inner, path: [...issue.path, ...inner.path] }));
}

function thing(expected: string): string {
  return things[expected] ?? "of another type";
}

function form(format: string): string {
  return format in forms ? `must be ${forms[format]}` : "must have the form it is documented with";
}

/** What the field must be that says which form its object has. */
function discriminator(issue: RawIssue & { readonly code: "invalid_union" }): string | null {
  if (!("options" in issue && Array.isArray(issue.options))) return null;
  const sentence = oneOf(issue.options.map((option: unknown) => JSON.stringify(option)));
  const [name] = issue.path?.slice(-1) ?? [];
  const isMissing = Reflect.get(Object(issue.input), String(name)) === undefined;
  return isMissing ? `is required, and ${sentence}` : sentence;
}

/** The types that a value may have, if it has none of them. */
function typesOf(issue: RawIssue & { readonly code: "invalid_union" }): string | null {
  const types = issue.errors.map((form) => {
    const [first] = form;
    return first?.code === "invalid_type" && first.path.length === 0 ? thing(first.expected) : null;
  });
  const known = types.filter((type) => type !== null);
  if (known.length === 0 || known.length < types.length) return null;
  return `must be ${[...new Set(known)].join(" or ")}`;
}

function oneOf(values: readonly string[]): string {
  if (values.length === 1) return `must be ${values[0]}`;
  const shown = values.slice(0, valuesMax).join(", ");
  return `must be one of ${shown}${values.length > valuesMax ? " and others" : ""}`;
}

function measure(
  issue: { readonly origin: string; readonly inclusive?: boolean | undefined },
  bound: "at least" | "at most",
  limit: number | bigint,
): string {
  const unit = { string: "character", array: "entry", set: "entry", file: "byte" }[issue.origin];
  if (unit !== undefined) return `have ${bound} ${limit} ${plural(unit, Number(limit))}`;
  if (issue.inclusive !== false) return `be ${bound} ${limit}`;
  return `be ${bound === "at least" ? "more than" : "less than"} ${limit}`;
}

function plural(unit: string, count: number): string {
  if (count === 1) return unit;
  return unit.endsWith("y") ? `${unit.slice(0, -1)}ies` : `${unit}s`;
}

function nameOf(issue: RawIssue & { readonly code: "invalid_key" }): string {
  const [first] = issue.issues;
  return `isn't a name that can be used here: it ${first?.message ?? "has the wrong form"}`;
}
