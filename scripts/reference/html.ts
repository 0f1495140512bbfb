/** Text that is safe inside of HTML; everything that isn't `Markup` is escaped. */
export interface Markup {
  readonly markup: string;
  toString(): string;
}
type Part = string | Markup | readonly Part[];

export function raw(markup: string): Markup {
  return { markup, toString: () => markup };
}

/** A tag for templates. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return raw(texts.map((text, index) => `${text}${partText(parts[index] ?? "")}`).join(""));
}

function partText(part: Part): string {
  if (typeof part === "string") return escapeText(part);
  if ("markup" in part) return part.markup;
  return part.map(partText).join("");
}

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
