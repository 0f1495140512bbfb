/** Something that the user can fix: one sentence, and its evidence. */
export class SetupError extends Error {
  constructor(sentence, evidence = "") {
    super(sentence);
    this.evidence = evidence;
  }
}
