/**
 * An error whose sentence is ours and holds nobody's values, so it may be logged and shown. The
 * message of any other error may not: see `describe-error.ts`.
 */
export class Fault extends Error {
  override readonly name: string = "Fault";
}
