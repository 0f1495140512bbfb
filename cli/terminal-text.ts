/**
 * Makes text of others harmless for a terminal, which would act on its control characters: move the
 * cursor over what was printed, change the title, or answer as if the user had typed.
 */

/** C0 but tab and line feed, DEL, C1, and the marks that reorder text or hide in it. */
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Lines stay lines; each other control character is shown as its picture. */
export function harmless(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(controls, picture);
}

/** The same for what has to stay on one line. */
export function harmlessLine(text: string): string {
  return harmless(text).replaceAll(/[\n\t]/g, picture);
}

/** JSON with the same meaning: its own escapes stand for what a terminal would act on. */
export function harmlessJson(json: string): string {
  return json.replaceAll(
    controls,
    (control) => `\\u${(control.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

function picture(control: string): string {
  const code = control.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}
