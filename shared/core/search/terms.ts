/**
 * Makes the terms under which a text is found: its words, and its pairs of neighbouring words. A
 * word is a run of letters, digits and their marks; in scripts that don't separate words each
 * character is one. Capitals, accents and other forms of a character make no difference. Words
 * aren't reduced to stems, and a part of a word isn't a term.
 */
import { cutText } from "../usable-text.ts";

/** A text is found by no more different words and pairs than these, the first ones in it. */
export const wordsMax = 256;
export const pairsMax = 256;
/** More words of a text aren't looked at, because one may be megabytes of the same word. */
const wordsReadMax = 10_000;
/** A longer word is found by its beginning, as it is written in full. */
const wordLengthMax = 40;
/** No more units of a word are looked at to find its beginning: all others may be marks. */
const wordLengthReadMax = 400;
/** How many units are normalized at once: one can become eighteen. */
const normalizedAtOnce = 8;

const unseparated =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const run = /[\p{L}\p{N}\p{M}]+/gu;
const mark = /\p{M}/gu;

export interface Word {
  readonly word: string;
  /** Where it is in the text: its first unit, and the one after its last. */
  readonly start: number;
  readonly end: number;
}

/** The first words of a text, in order; those of marks alone count, but are not given. */
export function* wordsIn(text: string): Generator<Word> {
  let read = 0;
  for (const { 0: letters, index } of text.matchAll(run)) {
    let start = index;
    for (const part of separated(letters)) {
      read += 1;
      if (read > wordsReadMax) return;
      const end = start + part.length;
      const word = normalized(part);
      if (word !== "") yield { word, start, end };
      start = end;
    }
  }
}

/** Splits a run before and after each character of a script without spaces. */
function* separated(letters: string): Generator<string> {
  if (!unseparated.test(letters)) {
    yield letters;
    return;
  }
  let open = "";
  for (const character of letters) {
    const isAlone = unseparated.test(character);
    if (isAlone && open !== "") yield open;
    open = isAlone ? "" : open + character;
    if (isAlone) yield character;
  }
  if (open !== "") yield open;
}

/**
 * A few characters at a time, and only as many as a word's beginning takes. To put marks in order
 * takes the square of their number: normalizing a mebibyte of them takes ten minutes. As all marks
 * are removed, their order makes no difference, so pieces give what the whole would.
 */
function normalized(word: string): string {
  let beginning = "";
  let rest = cutText(word, wordLengthReadMax);
  while (rest !== "" && beginning.length < wordLengthMax) {
    const piece = cutText(rest, normalizedAtOnce);
    beginning += piece.normalize("NFKD").replace(mark, "");
    rest = rest.slice(piece.length);
  }
  return cutText(cutText(beginning, wordLengthMax).toUpperCase().toLowerCase(), wordLengthMax);
}

/** The terms of a text that is stored: at most `wordsMax` words and `pairsMax` pairs. */
export function termsOf(text: string): string[] {
  const words = new Set<string>();
  const pairs = new Set<string>();
  let previous: string | null = null;
  for (const { word } of wordsIn(text)) {
    if (words.size < wordsMax) words.add(word);
    if (previous !== null && pairs.size < pairsMax) pairs.add(pairOf(previous, word));
    if (words.size === wordsMax && pairs.size === pairsMax) break;
    previous = word;
  }
  return [...words, ...pairs];
}

function pairOf(one: string, next: string): string {
  return `${one} ${next}`;
}

export interface SearchTerms {
  /** All of these are in one text that is found. */
  readonly required: readonly string[];
  /** Pairs that needn't be there, but make a text rank higher. */
  readonly near: readonly string[];
  /** The words, to find them in a text. */
  readonly words: ReadonlySet<string>;
}

const quoted = /"([^"]*)"?/g;

/**
 * The terms of what is searched for. Words between double quotes, and characters of scripts without
 * spaces that touch, must follow each other; of other words only their presence is asked.
 */
export function searchTerms(query: string): SearchTerms {
  const required = new Set<string>();
  const near = new Set<string>();
  const words = new Set<string>();
  const add = (text: string, isPhrase: boolean) => {
    let previous: Word | null = null;
    for (const next of wordsIn(text)) {
      words.add(next.word);
      if (previous) {
        const touches = isPhrase || previous.end === next.start;
        (touches ? required : near).add(pairOf(previous.word, next.word));
      }
      required.add(next.word);
      previous = next;
    }
  };
  for (const [, phrase = ""] of query.matchAll(quoted)) add(phrase, true);
  add(query.replaceAll(quoted, " "), false);
  return { required: withoutCovered([...required]), near: [...near], words };
}

/** A pair says of both its words that they are there. */
function withoutCovered(terms: readonly string[]): string[] {
  const covered = new Set(
    terms.filter((term) => term.includes(" ")).flatMap((pair) => pair.split(" ")),
  );
  return terms.filter((term) => !covered.has(term));
}
