/** Something the person at the keyboard can do something about: one sentence, and its evidence. */
export class SetupError extends Error {
  constructor(sentence, evidence = "") {
    super(sentence);
    this.evidence = evidence;
  }
}
