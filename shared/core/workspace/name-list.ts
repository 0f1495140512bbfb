/** Paths for a sentence: the first few, and how many more there are. */

const namesMax = 100;
const nameLengthMax = 200;

/** Writes names as JSON strings, so that a name with a line break stays one name. */
export function nameList(names: readonly string[], countMax = namesMax): string {
  const shown = names.slice(0, countMax).map(quoted).join(", ");
  const more = names.length - countMax;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** A stranger's name, cut if it is long. */
export function quoted(name: string): string {
  const characters = name.length > nameLengthMax ? `${name.slice(0, nameLengthMax)}…` : name;
  return JSON.stringify(characters.toWellFormed());
}
