/** Half of a surrogate pair as `JSON.stringify` writes it, where no other backslash escapes it. */
const half = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * JSON of what strangers wrote, which others can read: UTF-8 can't encode half of a character, so
 * many readers refuse the whole for one.
 */
export function wellFormedJson(value: unknown): string {
  return JSON.stringify(value).replace(half, "$1\ufffd");
}
