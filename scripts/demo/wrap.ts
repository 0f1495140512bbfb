/** Lines for a terminal: broken between words, so that it doesn't break them within. */
import { stripVTControlCharacters } from "node:util";

/** Narrower terminals are left to themselves. */
const columnsMin = 40;

/**
 * The lines of `text`, each indented, and at most `columns` wide unless a single word is longer.
 * @param columns Undefined where there is no terminal: then nothing is broken.
 */
export function wrapped(text: string, indent: string, columns: number | undefined): string {
  const whole = indent + text;
  if (columns === undefined || columns < columnsMin || widthOf(whole) <= columns) return whole;
  // What a model says keeps the bar before it, and what is beside a mark stays beside it.
  const [mark = ""] = /^(?:│ |\S )/.exec(stripVTControlCharacters(text)) ?? [];
  const hanging = indent + (mark === "│ " ? mark : " ".repeat(mark.length));
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/(?<=\S)(?= )/)) {
    const begun = lines.length === 0 ? indent : hanging;
    if (current !== "" && widthOf(begun + current + word) > columns) {
      lines.push(begun + current);
      current = word.trimStart();
    } else current += word;
  }
  return [...lines, (lines.length === 0 ? indent : hanging) + current].join("\n");
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Prints a line of a demo. */
export function printLine(text: string): void {
  console.log(wrapped(text, "  ", process.stdout.columns));
}
