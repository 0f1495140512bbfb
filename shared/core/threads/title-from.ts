import { cutText } from "../usable-text.ts";

const lengthMax = 60;
/** A cut at a space is preferred if it loses no more than this. */
const lostMax = 20;

/**
 * A title made from the beginning of a text, always the same for the same text: its first line with
 * words, without the signs that open headings, lists and quotations, up to the end of its first
 * sentence, cut to 60 characters. Null if the text has no word.
 */
export function titleFrom(text: string): string | null {
  for (const line of text.split(/\r\n|\r|\n/)) {
    const plain = line
      .replace(/^[\s#>*•-]+/, "")
      .replace(/\s+/g, " ")
      .trim();
    if (/[\p{L}\p{N}]/u.test(plain)) return shortened(firstSentence(plain));
  }
  return null;
}

/** The full stop is left out; a question keeps its mark. */
function firstSentence(line: string): string {
  const end = /[.!?](?= )/.exec(line);
  const sentence = end ? line.slice(0, end.index + 1) : line;
  return sentence.replace(/[.:]$/, "");
}

function shortened(sentence: string): string {
  if (sentence.length <= lengthMax) return sentence;
  const cut = cutText(sentence, lengthMax - 1);
  const space = cut.lastIndexOf(" ");
  return `${space >= lengthMax - lostMax ? cut.slice(0, space) : cut}…`;
}
