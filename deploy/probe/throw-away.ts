/** How the probe makes what it needs, and removes it again. */
import * as z from "zod";
import { type Clock, waitUntil } from "../clock.ts";
import type { GoogleAnswer, GoogleApi } from "../google/api.ts";
import { detail, line, Stop } from "../print.ts";

export interface ProbeContext {
  readonly project: string;
  readonly region: string;
  readonly google: GoogleApi;
  readonly clock: Clock;
  /** An image of the runner that exists already; null to build it. */
  readonly image: string | null;
}

/** What is to be done at the end, the last first. */
export type Undo = (() => Promise<void>)[];

/** The name of everything that is made. */
export const probeName = "paddock-probe";
export const Anything = z.looseObject({});
/** A new service or account takes minutes until everything knows it. */
export const untilMade = { everyMs: 5_000, withinMs: 5 * 60_000 };
const conflict = 409;

/** @param body With what it is to be. Something of that name that is there already is taken. */
export async function make(context: ProbeContext, url: string, body: object): Promise<void> {
  await untilAnswered(context, url.split("?")[0] ?? url, async () => {
    const answer = await context.google.ask(url, Anything, { method: "POST", body });
    return answer.ok || answer.status !== conflict ? answer : { ok: true, value: {} };
  });
}

/** @throws {Stop} With what Google says, if it refuses for too long. */
export async function untilAnswered(
  { clock }: Pick<ProbeContext, "clock">,
  what: string,
  ask: () => Promise<GoogleAnswer<unknown>>,
): Promise<void> {
  let why = "";
  const made = await waitUntil(clock, untilMade, async () => {
    const answer = await ask();
    if (answer.ok) return true;
    why = answer.message;
    return null;
  });
  if (made === null) throw new Stop(`${what} can't be made: ${why}`);
}

export async function remove(
  { google }: Pick<ProbeContext, "google">,
  url: string,
  what: string,
): Promise<void> {
  const gone = await google.ask(url, Anything, { method: "DELETE" });
  if (gone.ok || gone.status === 404) detail(`removed ${what}`);
  else line(`✗ ${what} stays: ${gone.message} (DELETE ${url})`);
}
