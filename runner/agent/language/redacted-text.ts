/**
 * Removes secrets from a stranger's long text, of which a part is kept. It goes piece by piece: as
 * a whole it could become larger than memory allows, since a secret's name may be longer than it.
 */
import type { LanguageTools, TextRedactor } from "../model.ts";
import { ShortenedText } from "./shortened-text.ts";

type Redactors = Pick<LanguageTools, "redactor">;

const pieceLength = 64 * 1024;

function* redacted(text: string, redactor: TextRedactor): Generator<string> {
  for (let start = 0; start < text.length; start += pieceLength) {
    yield redactor.write(text.slice(start, start + pieceLength));
  }
  yield redactor.end();
}

/** Its beginning, of at most so many characters; one sees that it goes on. */
export function redactedStart(text: string, lengthMax: number, { redactor }: Redactors): string {
  let kept = "";
  for (const piece of redacted(text, redactor())) {
    kept += piece;
    if (kept.length > lengthMax) break;
  }
  if (kept.length <= lengthMax) return kept.toWellFormed();
  return `${kept.slice(0, lengthMax - 1).toWellFormed()}…`;
}

/** Its beginning and end, if it is long. */
export function redactedShortened(text: string, { redactor }: Redactors): string {
  const kept = new ShortenedText();
  for (const piece of redacted(text, redactor())) kept.add(piece);
  return kept.text();
}
