/** Prepares a script for a shell, which takes other systems' line endings for words. */

/**
 * Removes a leading byte order mark, and carriage returns before line feeds if the first line ends
 * in one: such a script was written with them throughout. If only later lines have some, they are
 * intended.
 */
export function scriptText(script: string): string {
  const text = script.startsWith("\u{feff}") ? script.slice(1) : script;
  return /^[^\n]*\r\n/.test(text) ? text.replaceAll("\r\n", "\n").replace(/\r$/, "") : text;
}
