/** What one variable of a process may have; the kernel starts none with a longer one. */

/**
 * Linux takes 32 pages (`MAX_ARG_STRLEN`) for `NAME=value` and the zero byte after it. It counts
 * bytes, of which a character may have three or four.
 */
export const variableBytesMax = 131_071;

export function fitsVariable(name: string, value: string): boolean {
  return Buffer.byteLength(name) + 1 + Buffer.byteLength(value) <= variableBytesMax;
}

export const variableTooLong = `must have at most ${variableBytesMax} bytes of UTF-8 with its name`;
