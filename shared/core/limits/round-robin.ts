/** What several owners wait for, in the order it should be served. */
export interface Waiting {
  readonly ownerId: string;
  readonly createdAt: number;
}

/**
 * Round robin over owners, each one's oldest first. Whoever was served longest ago begins, so that
 * an owner with a thousand waiting delays another by one place, not by a thousand.
 *
 * @param servedAt When each owner was served last; one that isn't in it comes first.
 */
export function roundRobinByOwner<T extends Waiting>(
  waiting: readonly T[],
  servedAt: { get(ownerId: string): number | undefined },
): readonly T[] {
  const oldestFirst = waiting.toSorted((a, b) => a.createdAt - b.createdAt);
  const queues = [...Map.groupBy(oldestFirst, ({ ownerId }) => ownerId).entries()]
    .map(([ownerId, queue]) => ({ queue, servedAt: servedAt.get(ownerId) ?? 0 }))
    .toSorted((a, b) => a.servedAt - b.servedAt);
  const longest = Math.max(0, ...queues.map(({ queue }) => queue.length));
  const rounds = Array.from({ length: longest }, (_, round) =>
    queues.flatMap(({ queue }) => queue.slice(round, round + 1)),
  );
  return rounds.flat();
}
