/**
 * Whether two operators are two people, as far as anybody but the deployment can tell: an
 * operator could make a second self, and a third one that confirms what the second asks for.
 */
import { type Operator, operators } from "../store/owners.ts";
import type { Store } from "../store/store.ts";

/** More than any deployment has, with those that were removed. */
const operatorsMax = 1_000;

export type Operators = ReadonlyMap<string, Operator>;

/** All there ever were, by id: few, and asked for when money is confirmed. */
export async function readOperators(store: Store): Promise<Operators> {
  const found = await store.findRefs(operators.all(), { orderBy: [], limit: operatorsMax });
  return new Map(found.map(({ value }) => [value.id, value]));
}

/**
 * Two operators are independent if nobody stands behind both. Behind an operator stand itself, the
 * one that made it, and so on up to the deployment; behind one that was vouched for, nobody else,
 * since it took two independent operators to make it.
 */
export function areIndependent(all: Operators, one: string, other: string): boolean {
  const behindOne = behind(all, one);
  return !behind(all, other).some((id) => behindOne.includes(id));
}

function behind(all: Operators, id: string): readonly string[] {
  const line = [id];
  for (let at = all.get(id); at && at.vouchedBy === null; at = all.get(at.createdBy)) {
    if (at.createdBy === "deployment" || line.includes(at.createdBy)) break;
    line.push(at.createdBy);
  }
  return line;
}
