/** `docs/operations.md`, from what was measured. */
import type { Budget } from "./least-cost.ts";

export interface MeasuredRequest extends Budget {
  readonly request: string;
}

export function printOperations(measured: readonly MeasuredRequest[]): string {
  const lines = measured.map(
    ({ request, reads, writes, roundTrips }) =>
      `| ${request} | ${reads} | ${writes} | ${roundTrips} |`,
  );
  return `# Operations per request

Measured on real calls by the proxies that stand before Firestore, and held by
\`test/integration/operations.test.ts\`: reads, writes, and round trips (calls that wait for one
another; what overlaps counts once). Reads and writes are exact, and trips the most: of calls sent
together, some overlap by chance.

| request | reads | writes | round trips |
|---|---|---|---|
${lines.join("\n")}

Audit rows are sequenced in the background, at one read and one write each, plus what an owner's tree,
the map and the log take, once per call and not per row. No request waits for it.

A start with an agent that hasn't run for a minute writes once more: when it ran.

A stream of an execution that runs costs a read per batch of events, which its listener brings, one
every 30 s, and one at the end; each reader that joins, and each page of one that is behind, as many
as there are batches to catch up with. A replay costs as many, and needs no listener. While anybody
reads along there is a write a minute, however many read.
`;
}
