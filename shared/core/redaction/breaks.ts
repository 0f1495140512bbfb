/** Skips line breaks inside a secret, in text whose lines were folded. */

const [tab, newline, carriageReturn, blank] = [9, 10, 13, 32];
/** The most line breaks in a row inside a secret: one blank line is allowed. */
const breaksMax = 2;
/** The longest indent that is skipped, in spaces and tabs. */
const indentLengthMax = 32;

/** The text ends before the next character is known. */
export const ended = -1;
/** The next character can't belong to any secret. */
export const foreign = -2;

/** The position of the next character after `position`, past any line breaks, or a code above. */
export function afterBreaks(text: string, position: number, indents: boolean): number {
  let next = position;
  for (let count = 0; next < text.length; count += 1) {
    const unit = text.charCodeAt(next);
    if (unit > carriageReturn) return next;
    if (unit === carriageReturn && next + 1 === text.length) return ended;
    const length = breakLengthAt(text, next);
    if (length === 0) return next;
    if (count === breaksMax) return foreign;
    next += length;
    if (indents) next = afterIndent(text, next);
  }
  return ended;
}

function afterIndent(text: string, from: number): number {
  let at = from;
  while (at - from < indentLengthMax && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

export function isBlank(unit: number): boolean {
  return unit === blank || unit === tab;
}

export function isBreak(unit: number): boolean {
  return unit === newline || unit === carriageReturn;
}

/** The length of the line break at this position; 0 if there is none. */
export function breakLengthAt(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  if (unit === newline) return 1;
  return unit === carriageReturn && text.charCodeAt(position + 1) === newline ? 2 : 0;
}
