/** Files with changes, as an answer lists them: their number and their bytes are bounded. */
import type { gitFileStatuses } from "#shared/contract/git";
import { GitFault } from "#shared/core/git/git-fault";
import type { ReadBudget } from "#shared/core/git/read-budget";

export type FileStatus = (typeof gitFileStatuses)[number];

export interface ChangedFile {
  readonly path: string;
  readonly status: FileStatus;
}

const changesMax = 10_000;
/** An answer lists a file among those of its kind, and among all. */
const listing = { times: 2, more: 40 };

export class ChangeList {
  readonly #budget: ReadBudget;
  #count = 0;

  constructor(budget: ReadBudget) {
    this.#budget = budget;
  }

  /** @throws {GitFault} If there are too many by now. */
  made(path: string, status: FileStatus): ChangedFile {
    this.#count += 1;
    if (this.#count > changesMax) {
      throw new GitFault(`More than ${changesMax} files have changes, which is too many to list.`);
    }
    this.#budget.answer(path, listing);
    this.#budget.keepText(path, 100);
    return { path, status };
  }
}
