import { refuse } from "../scripts/tools/options.ts";

/** A whole number from 1 to `max`; anything else ends the process with a sentence. */
export function readWhole(option: {
  readonly name: string;
  readonly text: string | boolean | undefined;
  readonly usual: number;
  readonly max: number;
}): number {
  const { name, text, usual, max } = option;
  if (text === undefined) return usual;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  return refuse(`--${name} is a whole number from 1 to ${max.toLocaleString("en")}.`);
}
