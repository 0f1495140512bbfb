import { AggregateField, type Query } from "@google-cloud/firestore";

export interface Sums {
  readonly count: number;
  /** In the order of the fields that were asked for. */
  readonly sums: readonly number[];
}

/** How many documents a query finds, and the sums of `fields` over them. */
export async function readSums(matching: Query, fields: readonly string[]): Promise<Sums> {
  const sums = fields.map((field) => [`sum ${field}`, AggregateField.sum(field)] as const);
  const aggregates = { ...Object.fromEntries(sums), count: AggregateField.count() };
  const data: Record<string, number> = (await matching.aggregate(aggregates).get()).data();
  return { count: data.count ?? 0, sums: sums.map(([name]) => data[name] ?? 0) };
}
