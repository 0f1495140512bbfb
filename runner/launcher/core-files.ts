/** Keeps a process that holds tokens out of core files. */

/** The group that a process starts in so that it can leave it. */
export const passingGroup = 65_534;

/**
 * The kernel treats a process whose ids have changed as holding secrets: it isn't dumped to a file
 * or to the machine's crash handler, and root owns its `/proc`. An exec clears that mark, so each
 * program sets it for itself, and in Node this is the only way.
 *
 * @throws {Error} If the process isn't root or didn't start in `passingGroup`.
 */
export function keepOutOfCoreFiles(): void {
  const { getgid, setegid } = process;
  if (getgid === undefined || setegid === undefined) throw new Error("This isn't Linux.");
  setegid(passingGroup);
  setegid(getgid());
}
