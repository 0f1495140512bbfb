/**
 * Counts the characters that a piece of synchronous work looks at or copies. Its time grows with
 * that number, which is the same on every machine. It wraps the methods that work on strings.
 */

type Method = (this: unknown, ...args: unknown[]) => unknown;

const ofStrings = [
  "endsWith",
  "includes",
  "indexOf",
  "isWellFormed",
  "lastIndexOf",
  "localeCompare",
  "replace",
  "slice",
  "split",
  "startsWith",
  "substring",
  "toWellFormed",
] as const;

/** The characters that `work` has touched. */
export function countCharacters(work: () => void): number {
  let count = 0;
  const undo: (() => void)[] = [];
  const watch = (
    object: object,
    name: string,
    costOf: (self: unknown, args: unknown[]) => number,
  ) => {
    const original = Reflect.get(object, name) as Method;
    const watched: Method = function (...args) {
      const result = Reflect.apply(original, this, args);
      count += costOf(this, args);
      if (typeof result === "string") count += result.length;
      return result;
    };
    Reflect.set(object, name, watched);
    undo.push(() => Reflect.set(object, name, original));
  };
  const lengthOf = (value: unknown) => (typeof value === "string" ? value.length : 0);
  for (const name of ofStrings) watch(String.prototype, name, (self) => lengthOf(String(self)));
  watch(String.prototype, "normalize", (self) => costOfNormalizing(String(self)));
  for (const name of ["charCodeAt", "codePointAt", "at"]) watch(String.prototype, name, () => 1);
  watch(RegExp.prototype, "test", (_, [text]) => lengthOf(text));
  const { exec } = RegExp.prototype;
  RegExp.prototype.exec = function (text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    count += (found ? found.index + found[0].length : text.length) - from;
    return found;
  };
  undo.push(() => {
    RegExp.prototype.exec = exec;
  });
  watch(Array.prototype, "join", () => 0);
  watch(Buffer, "byteLength", (_, [text]) => lengthOf(text));
  watch(Buffer.prototype, "toString", () => 0);
  watch(JSON, "parse", (_, [text]) => lengthOf(text));
  watch(JSON, "stringify", () => 0);
  try {
    work();
  } finally {
    for (const restore of undo) restore();
  }
  return count;
}

/** Marks that follow each other are put in order, which takes the square of their number. */
function costOfNormalizing(text: string): number {
  const marks = [...text.matchAll(/\p{M}+/gu)];
  return marks.reduce((cost, [{ length }]) => cost + length ** 2, text.length);
}

/** The characters that each step of `work` has touched. */
export function charactersPerStep(work: Generator<void, unknown>): number[] {
  const steps: number[] = [];
  for (let isDone = false; !isDone; ) {
    steps.push(
      countCharacters(() => {
        isDone = work.next().done === true;
      }),
    );
  }
  return steps;
}
