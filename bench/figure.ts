/** What the bench measures: figures with a few rows, each next to its baseline and goal. */
export type Unit = "ms" | "µs" | "/s" | "MB" | "MB/s" | "errors" | "reads" | "µ$";

export interface Goal {
  /** Whether the goal applies to the value or to its ratio to the baseline. */
  readonly of: "value" | "ratio";
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly value: number;
  /** Measured in the same run, alternating with the value. */
  readonly baseline?: { readonly what: string; readonly value: number };
  /** If absent, the value is only reported. */
  readonly goal?: Goal;
}

/** How much to measure: `short` is for the tests, `full` for figures that are quoted. */
export type Effort = "short" | "full";

/** A local cloud, as the bench sees it. */
export interface Target {
  readonly baseUrl: string;
  /**
   * The environment of a function's process, with Firestore's own port, without counting proxies.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** What single functions have besides, because they sign as their accounts. */
  readonly accounts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly operatorToken: string;
  /** Reads of one function since the cloud's start, as the proxy before Firestore counted them. */
  readonly readsOf: (name: string) => Promise<number>;
}

export interface Bench extends Target {
  readonly distFolder: string;
  /** Bundles of the baselines and of the programs that measure inside a runner. */
  readonly bareFolder: string;
  readonly effort: Effort;
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Row[]>;
}

/** Value over baseline; null if there is no baseline. */
export function ratioOf({ value, baseline }: Row): number | null {
  return baseline === undefined || baseline.value === 0 ? null : value / baseline.value;
}

/** Null for a row without a goal. */
export function isMet(row: Row): boolean | null {
  const { goal } = row;
  if (goal === undefined) return null;
  const held = goal.of === "value" ? row.value : ratioOf(row);
  if (held === null || Number.isNaN(held)) return false;
  return held <= (goal.atMost ?? Infinity) && held >= (goal.atLeast ?? -Infinity);
}
