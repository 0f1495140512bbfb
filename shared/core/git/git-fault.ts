/** Why a repository can't be read here: a sentence for its owner, which quotes nothing of it. */
export class GitFault extends Error {
  override readonly name = "GitFault";
  /** The sentence, which is ours. */
  readonly why: string;

  constructor(why: string) {
    super(why);
    this.why = why;
  }
}

export function damaged(what: string): GitFault {
  return new GitFault(`${what} can't be read: it is damaged, or its form is unknown.`);
}

export function tooMuch(): GitFault {
  return new GitFault("The repository is larger than what one request reads.");
}
