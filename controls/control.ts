/** How one promise is kept, and how to break it. */
export interface Control {
  /** The file whose code keeps the promise. */
  readonly enforcedBy: string;
  /** The file with the test named after it. */
  readonly test: string;
  /** Replacing `find`, which occurs once in `file`, breaks the promise. */
  readonly mutation: { readonly file: string; readonly find: string; readonly replace: string };
}
