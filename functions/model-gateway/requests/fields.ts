/** Checks of a request's JSON that name what isn't passed on (MOD-4). */

/** A request that isn't passed on. The message is public, and never quotes a value. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  /** What to change. */
  readonly sentence: string;
  constructor(sentence: string) {
    super(sentence);
    this.sentence = sentence;
  }
}

export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function requireJson(value: unknown, where: string): Json {
  if (isJson(value)) return value;
  throw new RequestRefused(`${where} must be an object.`);
}

/** @throws {RequestRefused} for a field that isn't in `allowed`. Null counts as left out. */
export function requireOnly(value: Json, where: string, allowed: ReadonlySet<string>): void {
  for (const [name, inner] of Object.entries(value)) {
    if (allowed.has(name) || inner === null || inner === undefined) continue;
    const path = where === "" ? shown(name) : `${where}.${shown(name)}`;
    throw new RequestRefused(`The field ${path} isn't passed on to providers by this deployment.`);
  }
}

/**
 * Refuses names with capitals where not all fields are known. Some servers read names whatever
 * their case, so `Type` would say something else than the `type` that is looked at. To some of them
 * the long s is an s, which its capital tells.
 * @throws {RequestRefused}
 */
export function requireLowerCase(value: Json, where: string): void {
  const odd = Object.keys(value).filter((name) => name !== name.toUpperCase().toLowerCase());
  requireOnly(Object.fromEntries(odd.map((name) => [name, true])), where, new Set());
}

function shown(name: string): string {
  return /^[\w-]{1,60}$/.test(name) ? name : "(unnamed)";
}

/** The elements of a list. A missing list is empty; a text stands for no elements. */
export function elements(value: unknown, where: string): readonly Json[] {
  if (value === undefined || value === null || typeof value === "string") return [];
  if (!Array.isArray(value)) throw new RequestRefused(`${where} must be a list.`);
  return value.map((each, index) => requireJson(each, `${where}.${index}`));
}

export function refuseKind(where: string, kind: unknown): never {
  const named = typeof kind === "string" ? shown(kind) : "without a type";
  throw new RequestRefused(
    `${where} is ${named}, which isn't passed on: nothing runs, is fetched or is stored at a provider.`,
  );
}

/** A whole number from the request; null if it is left out. */
export function wholeNumber(value: unknown, where: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new RequestRefused(`${where} must be a whole number above zero.`);
}

export function requireText(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new RequestRefused(`${where} must be a text.`);
}

/** @throws {RequestRefused} unless the image is in the request itself. */
export function requireDataUrl(value: unknown, where: string): void {
  const isInline = typeof value === "string" && /^data:image\/[a-z+.-]{1,20};base64,/i.test(value);
  if (isInline) return;
  throw new RequestRefused(
    `${where} must be a data: URL of an image, because providers fetch nothing for this deployment.`,
  );
}
