/**
 * One argument is a script. Several are a program and its arguments, each quoted, so that they
 * reach the program as they were given.
 */
export function scriptFrom(args: readonly string[]): string {
  return args.length === 1 ? (args[0] ?? "") : args.map(quoted).join(" ");
}

/** POSIX 2.2.2: nothing is special between single quotes but a single quote. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_/.,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
