/**
 * Objects that refuse unknown fields. The API ignores unknown fields elsewhere, but a misspelt
 * bound that is ignored would allow what its sender meant to forbid.
 */
import * as z from "zod";

/** A field that clients of the public API send and that has no effect and bounds nothing here. */
export const takenForNothing = z.unknown().optional();

/** Two names are similar if their middles, between common start and end, are at most this long. */
const differenceMax = 2;
const closeLengthMin = 4;

/** Like `z.object`, but refuses unknown fields by name and suggests the name that was meant. */
export function exactObject<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape)
    .filter((name) => shape[name] !== takenForNothing)
    .map((name) => ({ name, plain: plain(name) }));
  const taken = `isn't taken here: what is taken is ${known.map(({ name }) => name).join(", ")}`;
  // A body may hold thousands of unknown names, so judging one must be cheap.
  const refusalOf = (name: string): string => {
    const given = plain(name);
    const meant = known.find((one) => areClose(given, one.plain));
    return meant ? `isn't taken here: perhaps ${meant.name} is meant` : taken;
  };
  const other = z
    .unknown()
    .refine(() => false, { error: ({ path }) => refusalOf(String(path?.at(-1))) });
  const strict = z.strictObject(shape);
  return strict.clone({ ...strict.def, catchall: other });
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, "");
}

function areClose(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  const longer = Math.max(one.length, other.length);
  if (shorter < closeLengthMin || longer - shorter > differenceMax) return false;
  let same = 0;
  while (same < shorter && one[same] === other[same]) same += 1;
  let end = 0;
  while (end < shorter - same && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return longer - same - end <= differenceMax;
}
