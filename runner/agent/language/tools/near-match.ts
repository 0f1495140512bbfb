/** Finds what a model probably meant when the text that it wants to replace isn't there. Pure. */

/** A longer file or text takes too long to compare with. */
const linesMax = 20_000;
const wantedLinesMax = 200;
const shownLinesMax = 40;
/** Lines that begin and end alike are compared far, each with many; then it is given up. */
const comparedLengthMax = 20_000_000;
/** Below this share of equal lines, a place is a coincidence. */
const likenessMin = 0.4;

export interface NearMatch {
  readonly firstLine: number;
  readonly text: string;
  /** What differs, if it is one thing. */
  readonly difference: "indentation or spaces" | "some lines";
}

/** Null if nothing is like it. */
export function findNearMatch(content: string, wanted: string): NearMatch | null {
  const lines = content.split("\n");
  const target = trimmedEnds(wanted.split("\n"));
  if (lines.length > linesMax || target.length > wantedLinesMax || target.length === 0) return null;
  const plain = lines.map(withoutSpaces);
  const wantedPlain = target.map(withoutSpaces);
  let best = { start: -1, likeness: 0 };
  let leftLength = comparedLengthMax;
  for (let start = 0; start + 1 <= lines.length && leftLength > 0; start += 1) {
    const { likeness, comparedLength } = likenessAt(plain, wantedPlain, start);
    leftLength -= comparedLength;
    if (likeness > best.likeness) best = { start, likeness };
    if (likeness === 1) break;
  }
  if (best.likeness < likenessMin) return null;
  const shown = lines.slice(best.start, best.start + Math.min(target.length, shownLinesMax));
  const difference = best.likeness === 1 ? "indentation or spaces" : "some lines";
  return { firstLine: best.start + 1, text: shown.join("\n"), difference };
}

/** The share of lines that are equal without their spaces; similar lines count half. */
function likenessAt(lines: readonly string[], wanted: readonly string[], start: number) {
  let equal = 0;
  let comparedLength = 0;
  for (const [index, line] of wanted.entries()) {
    const other = lines[start + index];
    if (other === undefined) continue;
    if (other === line) {
      equal += 1;
      comparedLength += line.length;
      continue;
    }
    const sharedLength = sharedEnds(other, line);
    comparedLength += sharedLength;
    const longest = Math.max(other.length, line.length);
    if (longest >= 8 && sharedLength / longest >= 0.7) equal += 0.5;
  }
  return { likeness: equal / wanted.length, comparedLength };
}

/** How many characters two lines share at their beginning and end. */
function sharedEnds(first: string, second: string): number {
  const shortest = Math.min(first.length, second.length);
  let head = 0;
  while (head < shortest && first[head] === second[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && first.at(-1 - tail) === second.at(-1 - tail)) tail += 1;
  return head + tail;
}

function withoutSpaces(line: string): string {
  return line.replaceAll(/\s/g, "");
}

function trimmedEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return first === -1 ? [] : lines.slice(first, last + 1);
}
