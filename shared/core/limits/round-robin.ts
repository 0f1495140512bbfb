/** Something that waits for an owner, with what its turn depends on. */
export interface WaitingWork {
  readonly ownerId: string;
  readonly createdAt: number;
}

/**
 * Round robin over owners, oldest first within each. The owner that was served longest ago comes
 * first, so an owner with a thousand waiting delays another by one place, not by a thousand.
 *
 * @param servedAt When each owner was served last; an owner that is missing comes first.
 */
export function roundRobinByOwner<T extends WaitingWork>(
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
