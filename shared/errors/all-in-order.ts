/**
 * Waits for all of the work, like `Promise.all`, but of several failures the first in the list is
 * thrown, not the one that was quickest. Two checks that run beside each other then always give the
 * same answer, and nothing goes on behind it.
 */
export async function allInOrder<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const settled = await Promise.allSettled(work);
  const values = settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
  return values as { -readonly [Index in keyof T]: Awaited<T[Index]> };
}
