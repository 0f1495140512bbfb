const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** `"2"` and `"500m"` of a job's CPU limit in thousandths of a CPU; null if it is neither. */
export function parseCpuMillis(text: string): number | null {
  const match = /^(\d{1,3})$|^(\d{1,6})m$/.exec(text);
  if (!match) return null;
  return match[1] === undefined ? Number(match[2]) : Number(match[1]) * 1_000;
}

/** `"2Gi"` of a job's memory limit in bytes; null if it isn't a quantity. */
export function parseMemoryBytes(text: string): number | null {
  const match = /^(\d{1,15})(|k|M|G|Ki|Mi|Gi)$/.exec(text);
  const unit = unitBytes[match?.[2] ?? ""];
  return match && unit !== undefined ? Number(match[1]) * unit : null;
}
