/** What a client is told of a field that takes some words alone: all of them, whichever it is. */
import { expect, test } from "vitest";
import * as z from "zod";
import { sayWhatToChange, valuesMax } from "#shared/pipeline/issue-sentences";
import { routes } from "./security/support/table.ts";

interface Choice {
  readonly title: string;
  readonly schema: z.ZodType;
  readonly words: readonly unknown[];
  /** A value that has none of the words. */
  readonly wrong: unknown;
  /** Whether its object must have it. */
  readonly isRequired: boolean;
}

interface Place {
  readonly path: string;
  readonly isRequired: boolean;
}

/** Every enumeration, literal and discriminator within a schema, with its path. */
function choicesIn(value: unknown, place: Place, seen: Set<unknown>): Choice[] {
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  const wrong = "of no list";
  const { path, isRequired } = place;
  if (value instanceof z.ZodEnum || value instanceof z.ZodLiteral) {
    const words = value instanceof z.ZodEnum ? value.options : [...value.values];
    return [{ title: path, schema: value as z.ZodType, words, wrong, isRequired }];
  }
  const mayBeLeftOut =
    value instanceof z.ZodOptional ||
    value instanceof z.ZodNullable ||
    value instanceof z.ZodDefault ||
    value instanceof z.ZodUnion;
  const within = partsOf(value).flatMap(([name, part]) => {
    const here = { path, isRequired: isRequired && !mayBeLeftOut };
    return choicesIn(
      part,
      name === "" ? here : { path: `${path}.${name}`, isRequired: true },
      seen,
    );
  });
  if (!(value instanceof z.ZodDiscriminatedUnion)) return within;
  const { discriminator, options } = value.def;
  const words = options.flatMap((option) => [
    ...((option as z.ZodObject)._zod.propValues?.[discriminator] ?? []),
  ]);
  const title = `${path}.${discriminator}`;
  const object = { [discriminator]: wrong };
  return [{ title, schema: value, words, wrong: object, isRequired: true }, ...within];
}

function partsOf(value: object): [string, unknown][] {
  // The names that a record takes are no values that could be missing.
  if (value instanceof z.ZodRecord) return [["", value.valueType]];
  if (value instanceof z.ZodObject) return Object.entries(value.shape);
  const parts = value instanceof z.ZodType ? Object.values(value.def) : Object.values(value);
  const isSchema = value instanceof z.ZodType || Array.isArray(value);
  return isSchema ? parts.map((part) => ["", part]) : [];
}

const choices = routes
  .filter(({ visibility }) => visibility === "edge")
  .flatMap(({ title, route: { query, body } }) =>
    [query, body].flatMap((schema) =>
      choicesIn(schema, { path: title, isRequired: true }, new Set()),
    ),
  )
  // A flag of a query is true or false, and other forms of a value are tried before it.
  .filter(({ words }) => !words.includes("true"));

function said(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value, { error: sayWhatToChange });
  return parsed.error?.issues[0]?.message ?? "";
}

test("no list of words is cut", () => {
  expect(choices.length).toBeGreaterThan(30);
  const long = choices.filter(({ words }) => words.length > valuesMax);
  const cut = long.filter(({ schema, wrong }) => said(schema, wrong).endsWith("and others"));
  expect(cut.map(({ title }) => title)).toEqual([]);
});

test("a wrong word is answered with those that are taken", () => {
  const untold = choices.filter(({ schema, words, wrong }) => {
    const sentence = said(schema, wrong);
    return !words.every((word) => sentence.includes(String(word)));
  });
  expect(untold.map(({ title, schema, wrong }) => `${title}: ${said(schema, wrong)}`)).toEqual([]);
});

test("a missing word is said to be required, not to be wrong", () => {
  const sentences = choices
    .filter(({ isRequired }) => isRequired)
    .map(({ title, schema, wrong }) => {
      const missing = typeof wrong === "object" ? {} : undefined;
      return { title, sentence: said(schema, missing) };
    });
  expect(sentences.length).toBeGreaterThan(10);
  expect(sentences.filter(({ sentence }) => !sentence.startsWith("is required"))).toEqual([]);
});
