/** How a run ends if its task isn't done. */
import { type LanguageEnd, sandboxKilled, type UnfinishedReason } from "../model.ts";
import type { ProviderFault } from "./provider-fault.ts";

/** Ends the run from wherever it is noticed. */
export class RunEnd extends Error {
  override readonly name = "RunEnd";
  readonly end: LanguageEnd;

  constructor(end: LanguageEnd) {
    super(end.why ?? "");
    this.end = end;
  }
}

export const sandboxGone: LanguageEnd = { exitCode: null, why: sandboxKilled };

export function endOf(fault: ProviderFault): LanguageEnd {
  const isBudget = fault.kind === "budget";
  return unfinished(isBudget ? "budget" : "model_failed", fault.message);
}

export function unfinished(reason: UnfinishedReason, why: string): LanguageEnd {
  return { exitCode: null, unfinished: reason, why };
}
