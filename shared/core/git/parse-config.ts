/**
 * A repository's own settings. Nothing is included from other files, and what a setting names is
 * never run.
 */
import { tooMuch } from "./git-fault.ts";
import { linesOf } from "./parse-refs.ts";
import type { ReadBudget } from "./read-budget.ts";

/** The last value of each setting: section and name in lower case, the part between as it is. */
export type GitConfig = ReadonlyMap<string, string>;

const section = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*/;
const settingName = /^[A-Za-z][A-Za-z0-9-]*$/;
/** Each setting is kept with its section's name, which may be written once and be long. */
const keysLengthMax = 1024 * 1024;
/** What an entry of a map takes beside its key and its value. */
const entryBytes = 200;

/** @throws {GitFault} If it says more than what is kept. */
export function* parseConfig(text: string, budget: ReadBudget): Generator<void, GitConfig> {
  const settings = new Map<string, string>();
  let place = "";
  let keysLength = 0;
  budget.work(text.length);
  const joined = text.replaceAll("\r\n", "\n").replaceAll("\\\n", "");
  for (const raw of linesOf(joined)) {
    if (budget.work(100 + 4 * raw.length)) yield;
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
    keysLength += place.length + 1 + name.length;
    if (keysLength > keysLengthMax) throw tooMuch();
    const key = `${place}.${name.toLowerCase()}`;
    const said = value === undefined ? "true" : unquoted(value);
    budget.keepText(key, entryBytes);
    budget.keepText(said, 0);
    settings.set(key, said);
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
