import { wordsIn } from "./terms.ts";

/** How much of a text is shown before its first match, and from there on. */
const beforeLength = 60;
const afterLength = 140;

/**
 * The part of a text around the first word that was searched for, in one line, with each such word
 * between `**`; null if there is none.
 */
export function highlightOf(text: string, words: ReadonlySet<string>): string | null {
  const matches: { readonly start: number; readonly end: number }[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const { word, start, end } of wordsIn(text)) {
    if (start > last) break;
    if (!words.has(word)) continue;
    if (matches.length === 0) last = start + afterLength;
    matches.push({ start, end });
  }
  const [first] = matches;
  if (!first) return null;
  const from = edgeOf(text, Math.max(0, first.start - beforeLength));
  const until = edgeOf(text, Math.max(last, first.end));
  let [marked, place] = [from > 0 ? "…" : "", from];
  for (const { start, end } of matches.filter(({ end }) => end <= until)) {
    marked += `${text.slice(place, start)}**${text.slice(start, end)}**`;
    place = end;
  }
  marked += text.slice(place, until) + (until < text.length ? "…" : "");
  return marked.replace(/\s+/g, " ").trim();
}

/** A place that doesn't split a character. */
function edgeOf(text: string, place: number): number {
  const unit = text.charCodeAt(place);
  return unit >= 0xdc00 && unit <= 0xdfff ? place + 1 : Math.min(place, text.length);
}
