/** What a process that holds tokens does against being written down when it crashes. */

/** The group that a process starts with to be able to leave it. */
export const passingGroup = 65_534;

/**
 * The kernel takes a process whose ids have changed for one that holds secrets: it isn't dumped, to
 * no file and to no program that a machine has for that, and its `/proc` is root's. A new program
 * starts without that mark, so each sets it for itself, and Node has no call for it but this.
 *
 * @throws {Error} When the process isn't root and didn't start in `passingGroup`.
 */
export function keepOutOfCoreFiles(): void {
  const { getgid, setegid } = process;
  if (getgid === undefined || setegid === undefined) throw new Error("This isn't Linux.");
  setegid(passingGroup);
  setegid(getgid());
}
