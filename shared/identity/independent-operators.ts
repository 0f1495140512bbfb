/**
 * Whether two operators are two people, as far as anybody but the deployment can tell: an
 * operator could make a second self, and a third one that confirms what the second asks for.
 */
import { allInOrder } from "../errors/all-in-order.ts";
import { type Operator, operators } from "../store/owners.ts";
import type { ReadStore } from "../store/store.ts";

/** More operators than ever stand behind two honest ones. Who has more behind it may be anybody. */
export const operatorsBehindMax = 100;

export type Operators = ReadonlyMap<string, Operator>;

/** The operators with these ids and those behind them, by id: at most `operatorsBehindMax`. */
export async function readOperatorsBehind(
  store: Pick<ReadStore, "findAll">,
  ids: readonly string[],
): Promise<Operators> {
  const found = new Map<string, Operator>();
  const asked = new Set<string>();
  let next = [...new Set(ids)];
  while (next.length > 0 && asked.size + next.length <= operatorsBehindMax) {
    for (const id of next) asked.add(id);
    const read = await allInOrder(next.map((id) => readById(store, id)));
    const existing = read.filter((operator) => operator !== null);
    for (const operator of existing) found.set(operator.id, operator);
    next = [...new Set(existing.flatMap(makersOf))].filter((id) => !asked.has(id));
  }
  return found;
}

async function readById(store: Pick<ReadStore, "findAll">, id: string): Promise<Operator | null> {
  const query = { where: [["id", id]], orderBy: [], limit: 1 } as const;
  const [first] = await store.findAll(operators.all(), query);
  return first?.value ?? null;
}

/**
 * Two operators are independent if nobody stands behind both. Behind an operator stand itself, all
 * that ever made it, and so on up to the deployment; behind one that was vouched for, nobody else,
 * since it took two independent operators to make it.
 */
export function areIndependent(known: Operators, one: string, other: string): boolean {
  const [behindOne, behindOther] = [behind(known, one), behind(known, other)];
  if (!behindOne || !behindOther) return false;
  return ![...behindOther].some((id) => behindOne.has(id));
}

/**
 * Null stands for anybody: an operator on the way isn't known, or some have made each other in a
 * circle, so that the record doesn't show where it began.
 */
function behind(known: Operators, id: string): ReadonlySet<string> | null {
  const line = new Set<string>();
  const ended = new Set<string>();
  const endsAtDeployment = (operatorId: string): boolean => {
    if (ended.has(operatorId)) return true;
    const operator = known.get(operatorId);
    if (!operator || line.has(operatorId)) return false;
    line.add(operatorId);
    if (!makersOf(operator).every(endsAtDeployment)) return false;
    ended.add(operatorId);
    return true;
  };
  return endsAtDeployment(id) ? ended : null;
}

/** The operators that could be the same person, for all that this operator's document shows. */
function makersOf({ createdBy, recreatedBy, vouchedBy }: Operator): readonly string[] {
  if (vouchedBy !== null) return [];
  return [createdBy, ...recreatedBy].filter((id) => id !== "deployment");
}

/**
 * Who made an operator, once `createdBy` makes it. An operator that makes one again comes after its
 * earlier makers; the deployment replaces them, because it says who the person is.
 */
export function withMaker(
  earlier: Pick<Operator, "createdBy" | "recreatedBy"> | null,
  createdBy: string,
): Pick<Operator, "createdBy" | "recreatedBy"> {
  if (!earlier || createdBy === "deployment") return { createdBy, recreatedBy: [] };
  const makers = [earlier.createdBy, ...earlier.recreatedBy];
  // One that has so many makers may be anybody already, so no more of them need be stored.
  if (makers.includes(createdBy) || makers.length > operatorsBehindMax) {
    return { createdBy: earlier.createdBy, recreatedBy: earlier.recreatedBy };
  }
  return { createdBy: earlier.createdBy, recreatedBy: [...earlier.recreatedBy, createdBy] };
}
