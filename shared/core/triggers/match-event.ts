/** Decides whether a delivery is what a trigger waits for. */

export type Payload = Readonly<Record<string, unknown>>;

const anything = "*";

/** The names of a payload's event: GitHub's header with and without the action, else its type. */
export function eventNames(payload: Payload, githubEvent: string | null): readonly string[] {
  const { type, event, action } = payload;
  if (githubEvent !== null) {
    return typeof action === "string" ? [githubEvent, `${githubEvent}.${action}`] : [githubEvent];
  }
  return [type, event].filter((name) => typeof name === "string");
}

/** A delivery that names no event is for any. */
export function isEvent(wanted: string, names: readonly string[]): boolean {
  return wanted === anything || names.length === 0 || names.includes(wanted);
}

/**
 * Whether the payload has every value that the filters name, compared as JSON. `branch` is also the
 * last part of a git ref.
 */
export function passesFilters(filters: Payload | null, payload: Payload): boolean {
  return Object.entries(filters ?? {}).every(
    ([name, wanted]) =>
      (Object.hasOwn(payload, name) && isSame(payload[name], wanted)) ||
      (name === "branch" && typeof wanted === "string" && payload.ref === `refs/heads/${wanted}`),
  );
}

/** Names may come in any order. It looks no deeper than at what is wanted. */
function isSame(one: unknown, wanted: unknown): boolean {
  if (!isNested(wanted)) return one === wanted;
  if (!isNested(one) || Array.isArray(one) !== Array.isArray(wanted)) return false;
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(one).length &&
    names.every((name) => Object.hasOwn(one, name) && isSame(one[name], wanted[name]))
  );
}

function isNested(value: unknown): value is Payload {
  return typeof value === "object" && value !== null;
}
