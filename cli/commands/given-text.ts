/** Texts and JSON that a command is given as an argument, in a file, or on stdin. */
import { readFile } from "node:fs/promises";
import { CommandError } from "../exits.ts";
import { readStdin, textIn } from "../prompts.ts";

/** A text, or `-` for stdin. */
export async function textOrStdin(given: string): Promise<string> {
  return given === "-" ? await readStdin() : given;
}

/** The JSON object of a file, or of stdin for `-`. */
export async function jsonObjectFrom(file: string): Promise<Record<string, unknown>> {
  const text = file === "-" ? await readStdin() : textIn(await readFile(file), file);
  const where = file === "-" ? "stdin" : file;
  let value: unknown;
  try {
    // Some editors begin files with a mark of their order of bytes.
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new CommandError(`What is in ${where} isn't JSON: ${why}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new CommandError(`What is in ${where} isn't a JSON object, such as {"name": "value"}.`);
}

/** The values of an option that takes `name=value`; undefined if it isn't given. */
export function pairsFrom(
  option: string,
  given: readonly string[] | undefined,
): Record<string, string> | undefined {
  const pairs = given?.map((text) => pairFrom(option, text));
  const names = new Set<string>();
  const twice = pairs?.find(([name]) => names.size === names.add(name).size);
  if (twice) throw new CommandError(`--${option} gives ${twice[0]} twice; give it once.`);
  return pairs && Object.fromEntries(pairs);
}

function pairFrom(option: string, text: string): readonly [string, string] {
  const end = text.indexOf("=");
  if (end < 1) throw new CommandError(`--${option} takes name=value, and got "${text}".`);
  return [text.slice(0, end), text.slice(end + 1)];
}

/** What is given; the API decides on what is left out. */
export function withoutUndefined(fields: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** @throws {CommandError} if there is nothing to change. */
export function changesFrom(fields: Readonly<Record<string, unknown>>) {
  const changes = withoutUndefined(fields);
  if (Object.keys(changes).length > 0) return changes;
  throw new CommandError("Nothing is to be changed: give one of the options (--help).");
}
