/** Finds faults in the records of penetration tests, reviews, training and drills. */
import * as z from "zod";

export const Records = z.array(
  z.strictObject({
    kind: z.string().regex(/^[a-z][a-z-]*$/),
    what: z.string().min(1),
    /** The role that has to see to it. */
    owner: z.string().min(1),
    maxAgeDays: z.int().min(1).max(366),
    /** The newest one; null if there never was any. */
    last: z
      .strictObject({
        on: z.iso.date(),
        by: z.string().min(1),
        /** A file beside the records. */
        report: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/),
      })
      .nullable(),
  }),
);
export type Record = z.output<typeof Records>[number];

const dayMs = 86_400_000;

/**
 * One sentence that says what to do, or null if the record is present and young enough.
 *
 * @param now Epoch milliseconds.
 * @param hasReport Whether a file of that name lies beside the records.
 */
export function recordFault(
  { last, maxAgeDays, owner }: Record,
  now: number,
  hasReport: (report: string) => boolean,
): string | null {
  if (last === null) return `never done: the ${owner} has to see to it`;
  const ageDays = Math.floor((now - Date.parse(last.on)) / dayMs);
  if (ageDays < 0) return `dated in the future: ${last.on}`;
  if (last.report.split("/").includes("..") || !hasReport(last.report)) {
    return `its report ${last.report} isn't there`;
  }
  if (ageDays <= maxAgeDays) return null;
  return `${ageDays} days old, ${maxAgeDays} at most: the ${owner} has to see to it`;
}
