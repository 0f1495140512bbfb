/** Sequences that are read one after another, and begun a few at a time. */

interface Opened<T> {
  readonly values: AsyncGenerator<T>;
  readonly first: Promise<IteratorResult<T>>;
}

/**
 * All values of the sequences that `open` makes, in order. The first value of each is asked for
 * while the ones before it are still read, so that many short ones don't cost a wait each.
 *
 * @param ahead How many are open at once; each holds as much as its first page.
 */
export async function* openedAhead<O, T>(
  outer: AsyncIterable<O>,
  open: (value: O) => AsyncGenerator<T>,
  ahead: number,
): AsyncGenerator<T> {
  const queue: Opened<T>[] = [];
  try {
    for await (const value of outer) {
      queue.push(begin(open(value)));
      if (queue.length >= ahead) yield* next(queue);
    }
    while (queue.length > 0) yield* next(queue);
  } finally {
    // Neither a reader that stops in the middle nor an error leaves one of them open.
    await Promise.allSettled(queue.map(({ values }) => values.return(undefined)));
  }
}

function begin<T>(values: AsyncGenerator<T>): Opened<T> {
  const first = values.next();
  // Its error is thrown when its turn comes, which it never does if an earlier one fails.
  first.catch(() => {});
  return { values, first };
}

async function* next<T>(queue: Opened<T>[]): AsyncGenerator<T> {
  const opened = queue[0];
  if (!opened) return;
  for (let step = await opened.first; !step.done; step = await opened.values.next()) {
    yield step.value;
  }
  queue.shift();
}
