/**
 * A repository's own settings. Nothing is included from other files, and what a setting names is
 * never run.
 */

/** The last value of each setting: section and name in lower case, the part between as it is. */
export type GitConfig = ReadonlyMap<string, string>;

const section = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*/;
const settingName = /^[A-Za-z][A-Za-z0-9-]*$/;

export function parseConfig(text: string): GitConfig {
  const settings = new Map<string, string>();
  let place = "";
  const joined = text.replaceAll("\r\n", "\n").replaceAll("\\\n", "");
  for (const raw of joined.split("\n")) {
    let line = raw.trim();
    const head = section.exec(line);
    if (head) {
      const [whole, name = "", part] = head;
      const middle = part === undefined ? "" : `.${part.replaceAll(/\\(.)/g, "$1")}`;
      place = `${name.toLowerCase()}${middle}`;
      line = line.slice(whole.length);
    }
    const equals = line.indexOf("=");
    const name = (equals < 0 ? line : line.slice(0, equals)).trim();
    const value = equals < 0 ? undefined : line.slice(equals + 1).trim();
    if (place === "" || !settingName.test(name)) continue;
    settings.set(`${place}.${name.toLowerCase()}`, value === undefined ? "true" : unquoted(value));
  }
  return settings;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b" };

function unquoted(text: string): string {
  let value = "";
  let isQuoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === "\\") {
      index += 1;
      const next = text.charAt(index);
      value += escapes[next] ?? next;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === "#" || character === ";")) break;
    else value += character;
  }
  return value.trim();
}

export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|yes|on|1)$/i.test(value);
}
