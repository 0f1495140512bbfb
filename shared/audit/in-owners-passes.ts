/** A page of marked rows that was worked on. */
export interface MarkedPage {
  readonly ownerIds: readonly string[];
  /** The mark after which the next page begins; null after the last page. */
  readonly next: string | null;
}

interface Walk {
  /** Where it begins, and where it ends after going around: a random place before an owner. */
  readonly start: string;
  readonly isLate: () => boolean;
  /** Works on a page of the rows whose marks are after `after`, and up to `upTo`. */
  readonly workOn: (place: {
    readonly after: string;
    readonly upTo: string | null;
  }) => Promise<MarkedPage>;
  /** How many rows are done so far. */
  readonly done: () => number;
}

/** The marks after `from`, up to `to` or the end. */
interface Range {
  readonly from: string;
  readonly to: string | null;
}

/**
 * Goes through the marked rows of all owners, a page of each at a time, so that one owner's backlog
 * can't keep the others waiting (TEN-1). It ends when no row is left, or when a pass did none: what
 * can't be done is tried again in another call, and not over and over in this one.
 */
export async function inOwnersPasses(walk: Walk): Promise<void> {
  const { start, isLate, done } = walk;
  const ranges: Range[] = [
    { from: start, to: null },
    { from: "", to: start },
  ];
  let before = -1;
  while (ranges.length > 0 && done() > before && !isLate()) {
    before = done();
    for (const range of ranges.splice(0)) if (!(await passOver(walk, range))) ranges.push(range);
  }
}

/** @returns False if an owner has more rows than it may have in one pass. */
async function passOver({ isLate, workOn }: Walk, { from, to }: Range): Promise<boolean> {
  let isDone = true;
  for (let after: string | null = from; after !== null && !isLate(); ) {
    const { ownerIds, next } = await workOn({ after, upTo: to });
    after = next;
    // An owner whose rows fill a page waits for the others, and has the next page in another pass.
    const [only] = ownerIds;
    if (after !== null && only !== undefined && ownerIds.length === 1) {
      after = behindOwner(only);
      isDone = false;
    }
  }
  return isDone;
}

/** Marks are `owner/time/id`, and the character after the slash is a zero. */
function behindOwner(ownerId: string): string {
  return `${ownerId}0`;
}
