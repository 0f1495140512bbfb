/** Joins two sequences that are in the order of the same ids, each read once and page by page. */

/** One of the inner sequence, and the id of the outer one that it belongs to. */
export interface Inner<I> {
  readonly outerId: string;
  readonly value: I;
}

/**
 * For each of `outer`, what `inner` has of it, one after another. What belongs to none of `outer`
 * is left out.
 *
 * @param outer With ids that ascend. @param inner With outer ids that don't descend.
 */
export async function* joined<O extends { readonly id: string }, I>(
  outer: AsyncIterable<O>,
  inner: AsyncGenerator<Inner<I>>,
): AsyncGenerator<{ readonly of: O; readonly value: I }> {
  try {
    let next = await inner.next();
    for await (const one of outer) {
      while (!next.done && next.value.outerId < one.id) next = await inner.next();
      for (; !next.done && next.value.outerId === one.id; next = await inner.next()) {
        yield { of: one, value: next.value.value };
      }
      if (next.done) return;
    }
  } finally {
    await inner.return(undefined);
  }
}
