/** Up to this length, comparing at every position costs no more than remembering what matched. */
const shortLength = 8;

/**
 * Whether a text contains another, in time that grows with the sum of their lengths (Knuth, Morris
 * and Pratt): `String.includes` may take their product, and both may be answers of thousands of
 * characters.
 */
export function includesText(text: string, wanted: string): boolean {
  if (wanted.length <= shortLength || wanted.length > text.length) return text.includes(wanted);
  const borders = bordersOf(wanted);
  let matched = 0;
  for (let position = 0; position < text.length; position += 1) {
    const unit = text.charCodeAt(position);
    while (matched > 0 && unit !== wanted.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === wanted.charCodeAt(matched)) matched += 1;
    if (matched === wanted.length) return true;
  }
  return false;
}

/** For each beginning of a text, the length of the longest shorter one that it also ends with. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  let length = 0;
  for (let position = 1; position < text.length; position += 1) {
    const unit = text.charCodeAt(position);
    while (length > 0 && unit !== text.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (unit === text.charCodeAt(length)) length += 1;
    borders[position] = length;
  }
  return borders;
}
