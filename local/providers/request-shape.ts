import type { z } from "zod";
import { invalid } from "./wire-protocol.ts";

/** How a provider words what doesn't fit. */
export interface ShapeSentences {
  unknown(path: string): string;
  missing(path: string): string;
  invalid(path: string): string;
}

/** Parses a body. @throws {ProviderRefusal} 400 for the first thing that doesn't fit. */
export function parseShape<T>(
  schema: z.ZodType<T>,
  value: unknown,
  sentences: ShapeSentences,
): Record<string, unknown> & T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Record<string, unknown> & T;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw invalid(sentences.invalid(""));
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    throw invalid(sentences.unknown([...issue.path, issue.keys[0]].join(".")));
  }
  const isMissing = issue.code === "invalid_type" && at(value, issue.path) === undefined;
  throw invalid(isMissing ? sentences.missing(path) : sentences.invalid(path));
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== "object" || inner === null) return;
    inner = (inner as Record<PropertyKey, unknown>)[name];
  }
  return inner;
}
