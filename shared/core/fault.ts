/**
 * An error whose message we wrote and which holds no values, so it may be logged and shown.
 * Messages of other errors may not: see `describe-error.ts`.
 */
export class Fault extends Error {
  override readonly name: string = "Fault";
}
