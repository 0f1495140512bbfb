/** How starts are counted in the account, of each key and of all keys together. */
import { liveIn, take, type WindowLimit, type WindowState } from "../limits/sliding-window.ts";
import { type Account, lineageIn } from "./account.ts";

export interface StartLimits {
  /** The starts of executions per key lineage. */
  readonly executions: WindowLimit;
  /** The starts with all keys of an owner together; null means that there is no such limit. */
  readonly ownerExecutions: WindowLimit | null;
}

export interface CountedBy {
  readonly keyId: string;
  readonly lineageId?: string | null;
  readonly limits: StartLimits;
  readonly now: number;
}

/** The limit that was reached: the key's own, or that of all the owner's keys together. */
export type Whose = "key" | "owner";

export interface StartsRefusal {
  readonly refusal: "RATE_LIMITED";
  readonly whose: Whose;
  readonly window: WindowState;
}

export interface Windows {
  /** The windows of all keys that still count a start; empty windows are dropped. */
  readonly live: Account["windows"];
  readonly key: WindowState;
  readonly owner: WindowState | null;
}

type CountedWindows = Pick<Account, "windows" | "ownerWindow">;

export function windowsOf(account: CountedWindows, start: CountedBy): Windows {
  const { limits, now } = start;
  const { executions, ownerExecutions } = limits;
  return {
    live: liveWindows(account.windows, start),
    key: take(account.windows[lineageIn(start)] ?? {}, executions, now),
    owner: ownerExecutions && take(account.ownerWindow, ownerExecutions, now),
  };
}

function liveWindows(windows: Account["windows"], { limits, now }: CountedBy): Account["windows"] {
  const live = Object.entries(windows).map(
    ([keyId, window]) => [keyId, liveIn(window, limits.executions, now)] as const,
  );
  return Object.fromEntries(live.filter(([, window]) => Object.keys(window).length > 0));
}

/** Which limit on starts refuses one more; null if none does. */
export function startsRefusal({ key, owner }: Windows): StartsRefusal | null {
  if (!key.granted) return { refusal: "RATE_LIMITED", whose: "key", window: key };
  if (owner && !owner.granted) return { refusal: "RATE_LIMITED", whose: "owner", window: owner };
  return null;
}

/** What the account counts once the start is granted. */
export function counting(start: CountedBy, { live, key, owner }: Windows): CountedWindows {
  return {
    windows: { ...live, [lineageIn(start)]: key.window },
    ownerWindow: owner?.window ?? {},
  };
}
