/**
 * The language of steps' conditions: comparisons of the run's inputs and of what other steps
 * answered. It has no calls, loops or assignments. What it reads may be long, so what it looks at
 * is counted, and a condition that looks at too much has no answer.
 *
 *     steps.review.output contains "approved" and not (inputs.mode == "draft")
 */

export const conditionLengthMax = 1_000;
const depthMax = 20;

export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value };
export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains";

export type Condition =
  | { readonly type: "value"; readonly value: string | number | boolean | null }
  | { readonly type: "path"; readonly path: readonly string[] }
  | {
      readonly type: "compare";
      readonly operator: Operator;
      readonly left: Condition;
      readonly right: Condition;
    }
  | { readonly type: "not"; readonly operand: Condition }
  | { readonly type: "and" | "or"; readonly left: Condition; readonly right: Condition };

export class ConditionError extends Error {
  /** What can't be read, in words that continue a sentence naming the condition. */
  readonly why: string;

  constructor(why: string) {
    super(why);
    this.why = why;
  }
}

interface Word {
  readonly kind: "text" | "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly position: number;
}

const words =
  /\s*(?:(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>-?\d{1,15}(?:\.\d{1,15})?)|(?<name>[A-Za-z_][A-Za-z0-9_-]*)|(?<sign>==|!=|<=|>=|[<>().[\]]))/y;
const operators: readonly string[] = ["==", "!=", "<", "<=", ">", ">=", "contains"];
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** @throws {ConditionError} saying what can't be read, and where. */
export function parseCondition(text: string): Condition {
  if (text.length > conditionLengthMax) {
    throw new ConditionError(`is longer than ${conditionLengthMax} characters`);
  }
  const parser = new Parser(split(text));
  const condition = parser.either(0);
  parser.requireEnd();
  return condition;
}

function split(text: string): readonly Word[] {
  const found: Word[] = [];
  let position = 0;
  while (text.slice(position).trim() !== "") {
    words.lastIndex = position;
    const match = words.exec(text);
    const [kind, word] =
      Object.entries(match?.groups ?? {}).find(([, one]) => one !== undefined) ?? [];
    if (!match || word === undefined) {
      throw new ConditionError(`can't be read from character ${position + 1} on`);
    }
    position = words.lastIndex;
    found.push({ kind: kind as Word["kind"], text: word, position: position - word.length + 1 });
  }
  return [...found, { kind: "end", text: "its end", position: text.length + 1 }];
}

class Parser {
  readonly #words: readonly Word[];
  #next = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  either(depth: number): Condition {
    let left = this.#both(depth);
    while (this.#takes("or")) left = { type: "or", left, right: this.#both(depth) };
    return left;
  }

  #both(depth: number): Condition {
    let left = this.#negated(depth);
    while (this.#takes("and")) left = { type: "and", left, right: this.#negated(depth) };
    return left;
  }

  #negated(depth: number): Condition {
    if (depth > depthMax) throw new ConditionError(`is nested more than ${depthMax} deep`);
    if (this.#takes("not")) return { type: "not", operand: this.#negated(depth + 1) };
    return this.#comparison(depth);
  }

  #comparison(depth: number): Condition {
    if (this.#takes("(")) {
      const inner = this.either(depth + 1);
      this.#expect(")");
      return inner;
    }
    const left = this.#operand();
    const { text } = this.#word();
    if (!operators.includes(text)) return left;
    this.#next += 1;
    return { type: "compare", operator: text as Operator, left, right: this.#operand() };
  }

  #operand(): Condition {
    const word = this.#word();
    this.#next += 1;
    if (word.kind === "text") return { type: "value", value: unquoted(word.text) };
    if (word.kind === "number") return { type: "value", value: Number(word.text) };
    if (word.kind !== "name") throw this.#unexpected(word);
    const constant = constants.get(word.text);
    if (constant !== undefined) return { type: "value", value: constant };
    if (word.text !== "inputs" && word.text !== "steps") throw this.#unexpected(word);
    return { type: "path", path: [word.text, ...this.#parts()] };
  }

  /** What follows a name: `.name`, or `["any text"]`, or `[0]`. */
  #parts(): readonly string[] {
    const parts: string[] = [];
    for (;;) {
      if (this.#takes(".")) {
        const word = this.#word();
        if (word.kind !== "name") throw this.#unexpected(word);
        this.#next += 1;
        parts.push(word.text);
      } else if (this.#takes("[")) {
        const word = this.#word();
        if (word.kind !== "text" && word.kind !== "number") throw this.#unexpected(word);
        this.#next += 1;
        parts.push(word.kind === "text" ? unquoted(word.text) : word.text);
        this.#expect("]");
      } else return parts;
    }
  }

  requireEnd(): void {
    const word = this.#word();
    if (word.kind !== "end") throw this.#unexpected(word);
  }

  #word(): Word {
    return this.#words[this.#next] ?? { kind: "end", text: "its end", position: 1 };
  }

  #takes(text: string): boolean {
    const word = this.#word();
    if (word.text !== text || word.kind === "text") return false;
    this.#next += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw this.#unexpected(this.#word());
  }

  #unexpected({ kind, text, position }: Word): ConditionError {
    const what = kind === "end" ? "ends too early" : `has ${text} at character ${position}`;
    const known = "known are inputs, steps, texts in quotes, numbers, true, false, null";
    return new ConditionError(`${what}; ${known}, == != < <= > >= contains, and, or, not`);
  }
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** The steps that a condition reads, as it names them. */
export function stepsIn(condition: Condition): readonly string[] {
  switch (condition.type) {
    case "value":
      return [];
    case "path": {
      const [root, step] = condition.path;
      return root === "steps" && step !== undefined ? [step] : [];
    }
    case "not":
      return stepsIn(condition.operand);
    default:
      return [...stepsIn(condition.left), ...stepsIn(condition.right)];
  }
}
