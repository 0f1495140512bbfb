/**
 * Judges one owner's signals. The state is what was seen so far: sums per detector and subject in
 * the last hour, and spending per day. Pure, so that a commit which fails is simply decided again.
 */

import * as z from "zod";
import { dayMs, hourMs } from "../retention/periods.ts";
import { type Detector, detectors, type Signal } from "./signals.ts";
import type { IncidentThresholds } from "./thresholds.ts";

const bucketMs = 5 * 60_000;
/** Subjects whose sums are kept; the ones that were quiet for longest are forgotten. */
const sumsMax = 200;
/** How many days before today say what is usual. */
const usualDays = 7;

const Sums = z.record(z.string(), z.int());

export const DetectionState = z.object({
  /** `detector subject`, then the start of five minutes, to what was seen in them. */
  windows: z.record(z.string(), Sums),
  /** UTC days since 1970, to micro-dollars. */
  spentMicrousd: Sums,
  /** UTC days since 1970, to the bytes that rows said. */
  downloadedBytes: Sums,
});
export type DetectionState = z.infer<typeof DetectionState>;

export const nothingSeen: DetectionState = { windows: {}, spentMicrousd: {}, downloadedBytes: {} };

export interface Finding {
  readonly detector: Detector;
  readonly level: "anomaly" | "incident";
  readonly subject: string;
  /** What was counted, in the unit of the detector's signals. */
  readonly amount: number;
  /** The time of the signal that crossed the threshold. */
  readonly at: number;
}

/** @param signals In any order; those of one time span in any number of calls. */
export function detect(
  before: DetectionState,
  signals: readonly Signal[],
  thresholds: IncidentThresholds,
): { readonly state: DetectionState; readonly findings: readonly Finding[] } {
  let state = before;
  const findings = new Map<string, Finding>();
  for (const signal of signals) {
    const judged = judge(state, signal, thresholds);
    ({ state } = judged);
    if (!judged.level) continue;
    const { detector, subject, at } = signal;
    const name = `${detector} ${subject} ${dayOf(at)}`;
    const earlier = findings.get(name);
    const level = earlier?.level === "incident" ? "incident" : judged.level;
    const amount = Math.max(judged.amount, earlier?.amount ?? 0);
    findings.set(name, { detector, subject, level, amount, at: Math.max(at, earlier?.at ?? 0) });
  }
  return { state, findings: [...findings.values()] };
}

interface Judged {
  readonly state: DetectionState;
  readonly amount: number;
  readonly level: Finding["level"] | null;
}

function judge(state: DetectionState, signal: Signal, thresholds: IncidentThresholds): Judged {
  switch (signal.detector) {
    case "spending":
      return judgeSpending(state, signal, thresholds.spending);
    case "downloads": {
      const { sums, amount } = maxOfDay(state.downloadedBytes, signal);
      const level = levelOf(amount, thresholds.downloads);
      return { state: { ...state, downloadedBytes: sums }, amount, level };
    }
    case "ledger":
      // An account that contradicts its ledger is one too many.
      return { state, amount: 1, level: "incident" };
    default: {
      const { windows, amount } = addToHour(state.windows, signal);
      const level = levelOf(amount, thresholds[signal.detector]);
      return { state: { ...state, windows }, amount, level };
    }
  }
}

function levelOf(
  amount: number,
  { anomaly, incident }: { readonly anomaly: number; readonly incident: number },
): Finding["level"] | null {
  if (amount >= incident) return "incident";
  return amount >= anomaly ? "anomaly" : null;
}

/** Adds the signal to its subject's window; `amount` is the sum of the hour up to the signal. */
function addToHour(windows: DetectionState["windows"], signal: Signal) {
  const { detector, subject, at, amount: added } = signal;
  const name = `${detector} ${subject}`;
  const bucket = at - (at % bucketMs);
  const sums = { ...windows[name] };
  sums[bucket] = (sums[bucket] ?? 0) + added;
  const newest = Math.max(...Object.keys(sums).map(Number));
  const kept = recent(sums, (start) => start > newest - hourMs);
  const amount = total(recent(kept, (start) => start > bucket - hourMs && start <= bucket));
  return { windows: withoutQuietest({ ...windows, [name]: kept }), amount };
}

function withoutQuietest(windows: DetectionState["windows"]): DetectionState["windows"] {
  const names = Object.keys(windows);
  if (names.length <= sumsMax) return windows;
  const newest = (name: string) => Math.max(...Object.keys(windows[name] ?? {}).map(Number));
  const [quietest = ""] = names.toSorted((one, other) => newest(one) - newest(other));
  const { [quietest]: _, ...rest } = windows;
  return rest;
}

function judgeSpending(
  state: DetectionState,
  { at, amount: added }: Signal,
  limits: IncidentThresholds["spending"],
): Judged {
  const day = dayOf(at);
  const sums = { ...state.spentMicrousd };
  sums[day] = (sums[day] ?? 0) + added;
  const newest = Math.max(...Object.keys(sums).map(Number));
  const spentMicrousd = recent(sums, (each) => each >= newest - usualDays);
  const amount = sums[day] ?? 0;
  const usual = Object.values(recent(sums, (each) => each < day && each >= day - usualDays));
  const mean = usual.reduce((sum, each) => sum + each, 0) / usual.length;
  const next = { ...state, spentMicrousd };
  const { leastMicrousd, firstMicrousd, anomalyFactor, incidentFactor } = limits;
  if (amount < leastMicrousd) return { state: next, amount, level: null };
  const anomaly = usual.length > 0 ? mean * anomalyFactor : firstMicrousd;
  const incident = usual.length > 0 ? mean * incidentFactor : Number.POSITIVE_INFINITY;
  return { state: next, amount, level: levelOf(amount, { anomaly, incident }) };
}

/** Rows of downloads say the day's bytes so far. */
function maxOfDay(days: DetectionState["downloadedBytes"], { at, amount }: Signal) {
  const day = dayOf(at);
  const most = Math.max(days[day] ?? 0, amount);
  const sums = { ...days, [day]: most };
  const newest = Math.max(...Object.keys(sums).map(Number));
  return { sums: recent(sums, (each) => each >= newest - 1), amount: most };
}

function recent(sums: Readonly<Record<string, number>>, keep: (start: number) => boolean) {
  return Object.fromEntries(Object.entries(sums).filter(([start]) => keep(Number(start))));
}

function total(sums: Readonly<Record<string, number>>): number {
  return Object.values(sums).reduce((sum, each) => sum + each, 0);
}

/** UTC days since 1970. */
export function dayOf(epochMs: number): number {
  return Math.floor(epochMs / dayMs);
}

export const DetectorName = z.enum(detectors);
