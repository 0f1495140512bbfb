import type { EventBatch } from "#shared/store/executions";
import type { PageRequest } from "#shared/store/queries";

interface Fitting {
  readonly isEnough?: (batch: EventBatch) => boolean;
}

/** An execution's log of one text per batch, as a store reads it, that counts what is read. */
export function sampleLog(texts: readonly string[], happenedAt: number) {
  const batches = texts.map((content, index): EventBatch => {
    const sequence = index + 1;
    const event = { sequence, at: happenedAt, item: { type: "text", content } } as const;
    const expireAt = new Date(happenedAt + 1);
    return { v: 1, firstSequence: sequence, lastSequence: sequence, events: [event], expireAt };
  });
  const log = {
    readCount: 0,
    findFitting: async (_: unknown, request: PageRequest, { isEnough }: Fitting = {}) => {
      const from = Number(request.between?.from ?? 1);
      const [[, direction] = []] = request.orderBy;
      const wanted = batches.filter(({ lastSequence }) => lastSequence >= from);
      const ordered = direction === "desc" ? wanted.toReversed() : wanted;
      const some = ordered.slice(0, request.limit);
      const last = some.findIndex((batch) => isEnough?.(batch) ?? false);
      const found = last === -1 ? some : some.slice(0, last + 1);
      log.readCount += found.length;
      return found.map((value) => ({ value }));
    },
  };
  return log;
}
