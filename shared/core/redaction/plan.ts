/** An index of secrets, so that searching a text costs a few operations per character. */
import { SortedUnits, UnitStore } from "./form-index.ts";
import { HeadWriter } from "./heads.ts";
import { spellings } from "./spellings.ts";
import { HeadTables } from "./tables.ts";
import { type Secret, unitsOf } from "./units.ts";

export interface RedactionPlan {
  /** Whether texts are bytes that were decoded as Latin-1. */
  readonly isBytes: boolean;
  readonly units: UnitStore;
  /** The units, sorted by their symbols, for each spelling. */
  readonly sorted: readonly SortedUnits[];
  readonly heads: HeadTables;
}

/** Roughly how many heads a unit has. */
const headsEach = { text: 8, bytes: 24 };

export function planRedaction(
  secrets: Iterable<Secret>,
  kind: "text" | "bytes" = "text",
): RedactionPlan {
  const isBytes = kind === "bytes";
  const units = [...unitsOf(secrets)];
  const heads = new HeadTables(units.length * headsEach[kind]);
  const writer = new HeadWriter(isBytes);
  for (const unit of units) for (const head of writer.headsOf(unit)) heads.add(head);
  const store = new UnitStore(units);
  return { isBytes, units: store, sorted: sortedBySpelling(store), heads };
}

/** Spellings with the same symbols share a list. */
function sortedBySpelling(store: UnitStore): SortedUnits[] {
  const made = new Map<string, SortedUnits>();
  return spellings.map(({ width, skipped }) => {
    const name = `${width} ${skipped}`;
    const sorted = made.get(name) ?? new SortedUnits(store, { width, skipped });
    made.set(name, sorted);
    return sorted;
  });
}
