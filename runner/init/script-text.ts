/** A script as a shell reads it: what other systems put between lines, shells take for words. */

/**
 * Takes a leading byte order mark away, and carriage returns before line feeds where the first line
 * ends in one: such a script was written with them throughout. One that begins otherwise and has
 * some further down means them.
 */
export function scriptText(script: string): string {
  const text = script.startsWith("\u{feff}") ? script.slice(1) : script;
  return /^[^\n]*\r\n/.test(text) ? text.replaceAll("\r\n", "\n").replace(/\r$/, "") : text;
}
