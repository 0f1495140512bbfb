/** How long an agent may go on before it is asked for a last answer. */
import type { UnfinishedReason } from "../model.ts";
import type { Usage } from "./conversation.ts";

export interface LoopLimits {
  /** Answers of the model. */
  readonly stepsMax: number;
  /** Read and written, over all calls; what a cache served counts, too. */
  readonly tokensMax: number;
  /** The share of the execution's time that is kept for the last answer, and its most. */
  readonly lastAnswerShare: number;
  readonly lastAnswerMsMax: number;
}

export const loopLimits: LoopLimits = {
  stepsMax: 250,
  tokensMax: 30_000_000,
  lastAnswerShare: 0.15,
  lastAnswerMsMax: 60_000,
};

export interface Reached {
  readonly reason: UnfinishedReason;
  /** A sentence that the model and the user read. */
  readonly why: string;
}

export class LimitWatch {
  readonly #limits: LoopLimits;
  readonly #lastAnswerMs: number;
  readonly #remainingMs: () => number;
  #steps = 0;
  #tokens = 0;

  constructor(limits: LoopLimits, remainingMs: () => number) {
    this.#limits = limits;
    this.#remainingMs = remainingMs;
    const shareMs = remainingMs() * limits.lastAnswerShare;
    this.#lastAnswerMs = Math.min(limits.lastAnswerMsMax, shareMs);
  }

  get steps(): number {
    return this.#steps;
  }

  add({ input, output }: Usage): void {
    this.#steps += 1;
    this.#tokens += input + output;
  }

  /** Null as long as the agent may go on. */
  reached(): Reached | null {
    const { stepsMax, tokensMax } = this.#limits;
    if (this.#remainingMs() <= this.#lastAnswerMs) {
      return { reason: "time_limit", why: "The execution's time is nearly over." };
    }
    if (this.#steps >= stepsMax) {
      return { reason: "agent_limit", why: `The limit of ${stepsMax} steps is reached.` };
    }
    if (this.#tokens < tokensMax) return null;
    return { reason: "agent_limit", why: `The limit of ${tokensMax} tokens is reached.` };
  }

  /** How long one model call may take, so that a last answer is still possible. */
  callMs(isLast: boolean): number {
    return Math.max(1, this.#remainingMs() - (isLast ? 0 : this.#lastAnswerMs));
  }
}
