/** What the variables of a process may have; the kernel starts none with more. */

/**
 * Linux takes 32 pages (`MAX_ARG_STRLEN`) for `NAME=value` and the zero byte after it. It counts
 * bytes, of which a character may have three or four.
 */
export const variableBytesMax = 131_071;

export function fitsVariable(name: string, value: string): boolean {
  return Buffer.byteLength(name) + 1 + Buffer.byteLength(value) <= variableBytesMax;
}

export const variableTooLong = `must have at most ${variableBytesMax} bytes of UTF-8 with its name`;

/** What Linux counts for a variable: `NAME=value`, the zero byte after it, and its address. */
export function variableBytes({ key, value }: { readonly key: string; readonly value: string }) {
  const addressBytes = 8;
  return Buffer.byteLength(key) + 1 + Buffer.byteLength(value) + 1 + addressBytes;
}

/**
 * The most that an execution's variables and its message's secrets take together. Linux gives a
 * quarter of the stack's limit to variables and arguments, so 2 MiB of the sandbox's 8 MiB. An
 * environment's secrets take up to 600 KiB of that, and most of a MiB is left for arguments.
 */
export const startVariablesBytesMax = 512 * 1024;
