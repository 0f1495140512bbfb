/** The value below which `share` of them lie, by the nearest rank. @throws for no values at all. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

/** The middle one; of an even count, the lower of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
