const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Parses a job's CPU limit, `"2"` or `"500m"`, into thousandths of a CPU; null if malformed. */
export function parseCpuMillis(text: string): number | null {
  const match = /^(\d{1,3})$|^(\d{1,6})m$/.exec(text);
  if (!match) return null;
  return match[1] === undefined ? Number(match[2]) : Number(match[1]) * 1_000;
}

/** Parses a job's memory limit, such as `"2Gi"`, into bytes; null if malformed. */
export function parseMemoryBytes(text: string): number | null {
  const match = /^(\d{1,15})(|k|M|G|Ki|Mi|Gi)$/.exec(text);
  const unit = unitBytes[match?.[2] ?? ""];
  return match && unit !== undefined ? Number(match[1]) * unit : null;
}
