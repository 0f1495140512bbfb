/** Makes a number that `JSON.stringify` writes as given. TypeScript doesn't declare it yet. */
const rawNumber: (source: string) => unknown = Reflect.get(JSON, "rawJSON");

/**
 * A payload on one line, with its numbers as its sender wrote them: an id of 64 bits would be
 * rounded to another one, and a short text such as `1e20` would become a long one.
 * @throws {SyntaxError} Unless it was parsed before.
 */
export function payloadJsonOf(body: Uint8Array): string {
  // The decoder leaves out a byte order mark.
  return JSON.stringify(JSON.parse(new TextDecoder().decode(body), asWritten));
}

function asWritten(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  const isWrittenSo = typeof value !== "number" || source === undefined || String(value) === source;
  return isWrittenSo ? value : rawNumber(source);
}
