/** Finds names that an object of JSON has twice: parsers take the last value and drop others. */

/**
 * The path of the first name that is given twice in one object, in the form `a.b`; null if none is.
 * @param json Text that is known to be JSON.
 */
export function nameGivenTwice(json: string): string | null {
  /** The names of each open object, and null for each open list. */
  const open: (Set<string> | null)[] = [];
  const path: string[] = [];
  let isName = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') {
      const end = endOfText(json, index);
      const names = open.at(-1);
      if (isName && names) {
        const name = textAt(json, index, end);
        path.length = open.length - 1;
        path.push(name);
        if (names.size === names.add(name).size) return path.filter((one) => one !== "").join(".");
      }
      isName = false;
      index = end;
    } else if (character === "{" || character === "[") {
      isName = character === "{";
      open.push(isName ? new Set() : null);
      path[open.length - 1] = "";
    } else if (character === "}" || character === "]") open.pop();
    else if (character === ",") isName = open.at(-1) !== null;
  }
  return null;
}

function endOfText(json: string, start: number): number {
  let end = start + 1;
  while (json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
  return end;
}

/** A name may be written with escapes, and is the same. */
function textAt(json: string, start: number, end: number): string {
  const inner = json.slice(start + 1, end);
  return inner.includes("\\") ? JSON.parse(json.slice(start, end + 1)) : inner;
}
