/** Words of instructions in a Dockerfile: quotes, escapes and variables as Docker reads them. */

/** Why a word can't be read, as the end of a sentence. */
export interface WordFault {
  readonly fault: string;
}
type Read = string | WordFault;

const name = /[A-Za-z_][A-Za-z0-9_]*/y;
/** The most braces in braces. */
const depthMax = 8;
const unfinished: WordFault = { fault: "has a quote or brace without an end" };
const unknownForm: WordFault = {
  fault: `refers to a variable in another form than $A, \${A}, \${A:-other} and \${A:+other}`,
};

/** Words apart by blanks that are neither quoted nor escaped, still with quotes and escapes. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote === "" && /\s/.test(character)) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    word += character;
    if (character === "\\" && quote !== "'") {
      at += 1;
      word += text.charAt(at);
    } else if (quote === character) quote = "";
    else if (quote === "" && (character === '"' || character === "'")) quote = character;
  }
  return word === "" ? words : [...words, word];
}

/**
 * The value of a word. What is in single quotes stays as it is; in double quotes a backslash only
 * escapes `"`, `$` and itself.
 * @param lengthMax A value that would be longer isn't made.
 */
export function expandedWord(
  word: string,
  variables: ReadonlyMap<string, string>,
  lengthMax: number,
  tooLong: WordFault,
): Read {
  const reading = new Reading(word, variables, { lengthMax, tooLong });
  return reading.upTo("");
}

class Reading {
  readonly #text: string;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #bound: { readonly lengthMax: number; readonly tooLong: WordFault };
  #at = 0;
  #depth = 0;

  constructor(
    text: string,
    variables: ReadonlyMap<string, string>,
    bound: { readonly lengthMax: number; readonly tooLong: WordFault },
  ) {
    this.#text = text;
    this.#variables = variables;
    this.#bound = bound;
  }

  /** Reads until `end`, which is passed over; to the end of all if that is empty. */
  upTo(end: "" | "}"): Read {
    let value = "";
    let isQuoted = false;
    for (;;) {
      const character = this.#text.charAt(this.#at);
      if (character === "") return isQuoted || end !== "" ? unfinished : value;
      this.#at += 1;
      if (!isQuoted && character === end) return value;
      if (character === '"') {
        isQuoted = !isQuoted;
        continue;
      }
      const part = this.#part(character, isQuoted);
      if (typeof part !== "string") return part;
      value += part;
      if (value.length > this.#bound.lengthMax) return this.#bound.tooLong;
    }
  }

  /** What begins with a character that was passed over. */
  #part(character: string, isQuoted: boolean): Read {
    if (character === "$") return this.#variable();
    if (character === "'" && !isQuoted) {
      const end = this.#text.indexOf("'", this.#at);
      if (end < 0) return unfinished;
      const literal = this.#text.slice(this.#at, end);
      this.#at = end + 1;
      return literal;
    }
    if (character !== "\\") return character;
    const next = this.#text.charAt(this.#at);
    if (next === "" || (isQuoted && !'"$\\'.includes(next))) return character;
    this.#at += 1;
    return next;
  }

  #variable(): Read {
    const isBraced = this.#text.charAt(this.#at) === "{";
    if (isBraced) this.#at += 1;
    name.lastIndex = this.#at;
    const [key = ""] = name.exec(this.#text) ?? [];
    this.#at += key.length;
    const found = this.#variables.get(key) ?? "";
    if (!isBraced) return key === "" ? "$" : found;
    const form = /^(?:\}|:[-+])/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
    if (key === "" || form === undefined || this.#depth === depthMax) return unknownForm;
    this.#at += form.length;
    if (form === "}") return found;
    this.#depth += 1;
    const other = this.upTo("}");
    this.#depth -= 1;
    if (typeof other !== "string") return other;
    if (form === ":-") return found === "" ? other : found;
    return found === "" ? "" : other;
  }
}
