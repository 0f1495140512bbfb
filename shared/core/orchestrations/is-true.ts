/** Whether a step's condition is true, and at what cost. Pure. */
import { type Condition, ConditionError, type Operator, type Value } from "./condition.ts";
import { includesText } from "./includes-text.ts";

/**
 * How many characters one condition may look at. Reading the longest answer of a step sixty times
 * is less, and all conditions of a run together take some tens of milliseconds at most.
 */
export const lookedAtMax = 1_000_000;
/** What one value costs besides its characters. */
const valueCost = 16;

/** What one condition has looked at so far. */
class Looked {
  #left = lookedAtMax;

  /** @throws {ConditionError} once it is too much. */
  at(value: Value): void {
    this.#left -= valueCost + (typeof value === "string" ? value.length : 0);
    if (this.#left >= 0) return;
    const most = lookedAtMax.toLocaleString("en-US");
    throw new ConditionError(`looks at more than ${most} characters of inputs and answers`);
  }
}

/**
 * Whether a condition is true of `known`, whose names are `inputs` and `steps`.
 * @throws {ConditionError} if it looks at too much.
 */
export function isTrue(condition: Condition, known: Value): boolean {
  return holds(condition, known, new Looked());
}

function holds(condition: Condition, known: Value, looked: Looked): boolean {
  switch (condition.type) {
    case "not":
      return !holds(condition.operand, known, looked);
    case "and":
      return holds(condition.left, known, looked) && holds(condition.right, known, looked);
    case "or":
      return holds(condition.left, known, looked) || holds(condition.right, known, looked);
    case "compare":
      return compare(
        condition.operator,
        [valueIn(condition.left, known), valueIn(condition.right, known)],
        looked,
      );
    default: {
      const value = valueIn(condition, known);
      return value !== null && value !== false && value !== 0 && value !== "";
    }
  }
}

/** A side of a comparison is a path or a value, since parentheses hold whole conditions. */
function valueIn(condition: Condition, known: Value): Value {
  if (condition.type === "value") return condition.value;
  if (condition.type !== "path") return null;
  return condition.path.reduce<Value>((value, name) => {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return null;
    return (value as Readonly<Record<string, Value>>)[name] ?? null;
  }, known);
}

/** Answers often end with a line break, which nobody means to compare. */
function trimmed(value: Value, looked: Looked): Value {
  looked.at(value);
  return typeof value === "string" ? value.trim() : value;
}

function compare(operator: Operator, values: readonly [Value, Value], looked: Looked): boolean {
  const [left, right] = [trimmed(values[0], looked), trimmed(values[1], looked)];
  if (operator === "==") return isSame(left, right);
  if (operator === "!=") return !isSame(left, right);
  if (operator === "contains") return contains(left, right, looked);
  const [one, other] = [numberIn(left), numberIn(right)];
  if (operator === "<") return one < other;
  if (operator === "<=") return one <= other;
  return operator === ">" ? one > other : one >= other;
}

/** A number and a text that writes it are the same, because answers are texts. */
function isSame(left: Value, right: Value): boolean {
  if (typeof left === "number" || typeof right === "number") {
    return numberIn(left) === numberIn(right);
  }
  return left === right;
}

function contains(left: Value, right: Value, looked: Looked): boolean {
  if (typeof left === "string") return typeof right === "string" && includesText(left, right);
  if (!Array.isArray(left)) return false;
  return left.some((one: Value) => {
    // A number is read out of the text on the right again for each element.
    if (typeof one === "number") looked.at(right);
    return isSame(trimmed(one, looked), right);
  });
}

/** `NaN` is neither less, equal nor more than anything. */
function numberIn(value: Value): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
}
