/**
 * How the promises of `docs/controls.json` are kept. `docs/controls.md` calls a promise kept only
 * if it stands here, its test is named after it (`describe("EXE-3 …")`), and the mutation makes
 * that test fail, which `npm run test:mutations` tries. What isn't listed is open.
 */
export interface Control {
  /** The file whose code keeps the promise. */
  readonly enforcedBy: string;
  /** The file with the test named after it. */
  readonly test: string;
  /** Replacing `find`, which occurs once in `file`, breaks the promise. */
  readonly mutation: { readonly file: string; readonly find: string; readonly replace: string };
}

/** By the promise's id. */
export const controls: Readonly<Record<string, Control>> = {};
