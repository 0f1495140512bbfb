/** A run of blanks in the middle is looked through once, not from each of them. */
const blanksAround = /^[ \t]+|(?<![ \t])[ \t]+$/g;

/** The elements of a header that is a list (RFC 9110, 5.6.1); empty ones count for nothing. */
export function listElements(text: string): string[] {
  const elements = text.split(",").map((element) => element.replace(blanksAround, ""));
  return elements.filter((element) => element !== "");
}
