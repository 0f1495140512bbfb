/** A run of blanks in the middle is scanned once, not once from each of its blanks. */
const blanksAround = /^[ \t]+|(?<![ \t])[ \t]+$/g;

/** The elements of a list header (RFC 9110, 5.6.1), without empty ones. */
export function listElements(text: string): string[] {
  const elements = text.split(",").map((element) => element.replace(blanksAround, ""));
  return elements.filter((element) => element !== "");
}
