import { dayMs } from "../retention/periods.ts";

/**
 * Where a key takes its turn among keys that wait for each other. A stolen key can make 200 others,
 * and rotate keys of others. If each of those had a turn of its own, the owner's key would wait for
 * all of them to revoke one. So turns are a tree: a key takes turns with the keys that it has made,
 * and all that descend from one of those have one turn there. In their first day, in which the
 * owner can notice them, all keys that a key has made have one turn together.
 */
const apartAfterMs = dayMs;
/** Keys further down are beside the key that made them, so that a path stays short. */
const nodesMax = 8;
const newKeys = "new";
const itself = "itself";

/** A key's place in the tree, which its successor keeps if it rotates itself. */
export interface TurnNode {
  /** The first key that had this place. */
  readonly id: string;
  /** When it was made, in epoch milliseconds. */
  readonly at: number;
}

export interface TurnKey {
  readonly id: string;
  /** From the key that an operator made down to this one; empty in older keys. */
  readonly turnNodes: readonly TurnNode[];
}

/** Names from the root down; the last one is the key's, whose turns a predecessor shares. */
export function turnPathOf(key: TurnKey, now: number): readonly string[] {
  const names = nodesOf(key).flatMap(({ id, at }, depth) =>
    depth > 0 && now - at < apartAfterMs ? [newKeys, id] : [id],
  );
  return [...names, itself, key.id];
}

/** The key whose windows of requests it shares: itself, or the one that it has replaced. */
export function turnIdOf(key: TurnKey): string {
  return nodesOf(key).at(-1)?.id ?? key.id;
}

/** The place of a key that `maker` makes; the root's if it is an operator, which is null. */
export function turnNodesOf(node: TurnNode, maker: TurnKey | null): readonly TurnNode[] {
  const above = maker === null ? [] : nodesOf(maker).slice(0, nodesMax - 1);
  return [...above, node];
}

/** The place of a key that replaces `old`: the same one only if `old` has asked for that itself. */
export function turnNodesAfter(old: TurnKey, next: TurnNode, maker: TurnKey): readonly TurnNode[] {
  return maker.id === old.id ? nodesOf(old) : turnNodesOf(next, maker);
}

function nodesOf({ id, turnNodes }: TurnKey): readonly TurnNode[] {
  return turnNodes.length > 0 ? turnNodes : [{ id, at: 0 }];
}
