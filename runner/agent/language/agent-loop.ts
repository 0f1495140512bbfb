/**
 * Asks a language model, does what it calls for, and asks again, until it answers without a call or
 * a limit is reached. On every way out what it has said so far is kept.
 */
import type { LanguageEnd, LanguageTask, LanguageTools } from "../model.ts";
import { compact, withText } from "./compaction.ts";
import {
  type AssistantPart,
  callsOf,
  type Message,
  type Turn,
  textOf,
  type Usage,
} from "./conversation.ts";
import { withoutAllImages, withoutOldImages } from "./image-room.ts";
import { LimitWatch, type LoopLimits, type Reached } from "./limits.ts";
import { type CallTimes, type Cut, callModel } from "./model-call.ts";
import { openingMessages } from "./opening.ts";
import { ProviderFault } from "./provider-fault.ts";
import { Repetition } from "./repetition.ts";
import { runCalls } from "./run-calls.ts";
import { endOf, RunEnd, sandboxGone, unfinished } from "./run-end.ts";
import { Speech } from "./speech.ts";
import { systemPrompt } from "./system-prompt.ts";
import { estimateMessages, estimateText } from "./token-estimate.ts";
import type { Tool } from "./tools/tool.ts";
import { withPassableCalls } from "./wires/passable-calls.ts";
import { type TurnListener, type Wire, withValidArguments } from "./wires/wire.ts";

export interface LoopSettings {
  readonly wire: Wire;
  readonly url: string;
  readonly model: string;
  readonly tools: readonly Tool[];
  readonly limits: LoopLimits;
  readonly times: CallTimes;
  /** What the system prompt says besides. */
  readonly sections: readonly string[];
}

/** At first less than a model may write, because the gateway sets money aside for all of it. */
const outputTokensFirst = 16_384;
const outputTokensMost = 65_536;
/** How often in a row the model is asked to go on after it was cut, or said nothing. */
const nudgesMax = 3;
const compactionsInRowMax = 4;
/** Calls of one answer; each may bring a file of megabytes into memory. */
const callsMax = 64;
/** What a count may be wrong by. */
const marginShare = 0.05;

const told = {
  goOn: "Your answer reached its limit of tokens. Go on exactly where it stopped.",
  miscalled: "Your call couldn't be read, so nothing was run. Make it again.",
  empty: "You said nothing and called nothing. Go on with the task, or answer if it is done.",
  tooMany: `Only your first ${callsMax} calls were run; make fewer at once.`,
  last: (why: string) =>
    `${why} Don't call a tool any more. Answer now: what is done, what isn't, and what comes next.`,
};

export class AgentLoop {
  readonly #task: LanguageTask;
  readonly #tools: LanguageTools;
  readonly #settings: LoopSettings;
  readonly #system: string;
  readonly #limits: LimitWatch;
  readonly #repetition = new Repetition();
  #messages: Message[];
  #outputTokens: number;
  /** What the provider counted last, and how many messages that were. */
  #counted: { tokens: number; messages: number } | null = null;
  #calls = 0;
  #nudges = 0;
  #isSandboxGone = false;
  /** What a cut answer has said so far. */
  #unfinishedText = "";

  constructor(task: LanguageTask, tools: LanguageTools, settings: LoopSettings) {
    const redact = (text: string) => tools.redact(text);
    this.#task = task;
    this.#tools = tools;
    this.#settings = settings;
    this.#system = redact(systemPrompt(task, settings.sections));
    this.#limits = new LimitWatch(settings.limits, () => tools.remainingMs());
    const history = task.history.map((each) => ({ ...each, content: redact(each.content) }));
    this.#messages = openingMessages({ ...task, history, content: redact(task.content) });
    const { outputTokensMax, contextTokens } = task.entry;
    const share = Math.floor(contextTokens / 4);
    this.#outputTokens = Math.min(outputTokensFirst, outputTokensMax, share);
  }

  async run(): Promise<LanguageEnd> {
    try {
      for (;;) {
        const end = await this.#step();
        if (end !== null) return end;
      }
    } catch (error) {
      if (this.#tools.signal.aborted) return { exitCode: null };
      if (error instanceof RunEnd) return error.end;
      throw error;
    }
  }

  async #step(): Promise<LanguageEnd | null> {
    const reached = this.#limitReached();
    if (reached !== null) return await this.#lastAnswer(reached);
    if (this.#isNearlyFull()) await this.#compact(0);
    const turn = await this.#ask(null);
    if (turn.end === "refused") {
      const why = "The language model declined to go on.";
      return unfinished("model_failed", why);
    }
    const said = withPassableCalls(turn.parts);
    const all = callsOf(said);
    const calls = all.slice(0, callsMax);
    if (calls.length === 0) return this.#withoutCalls(turn);
    this.#nudges = 0;
    this.#unfinishedText = "";
    const left = new Set<AssistantPart>(all.slice(callsMax));
    const parts = withValidArguments(said.filter((part) => !left.has(part)));
    this.#messages.push({ role: "assistant", parts });
    const results = await runCalls(calls, {
      agentTools: this.#tools,
      tools: this.#settings.tools,
      canSee: this.#task.entry.vision,
      repetition: this.#repetition,
      isCut: turn.end === "length",
      onSandboxEnded: () => {
        this.#isSandboxGone = true;
      },
    });
    this.#messages = withoutOldImages([...this.#messages, { role: "user", parts: results }]);
    if (left.size > 0) this.#messages = withText(this.#messages, told.tooMany);
    this.#tools.signal.throwIfAborted();
    // Nothing that it calls from now on could be run, but each answer would cost.
    return this.#isSandboxGone ? sandboxGone : null;
  }

  #limitReached(): Reached | null {
    const reached = this.#limits.reached();
    if (reached !== null || !this.#repetition.isStuck) return reached;
    return { reason: "agent_limit", why: "The same call was made again and again." };
  }

  /** @returns The end if the turn is the answer. */
  #withoutCalls({ end, parts }: Turn): LanguageEnd | null {
    const text = textOf(parts);
    const isCut = end === "length";
    const isMiscalled = end === "miscalled";
    if (!isCut && !isMiscalled && text.trim() !== "") return { exitCode: 0 };
    this.#nudges += 1;
    if (this.#nudges > nudgesMax) {
      const why = isCut
        ? "The language model reached its limit of tokens again and again."
        : "The language model gave no answer.";
      return unfinished("model_failed", why);
    }
    if (text.trim() !== "") {
      this.#unfinishedText = isCut ? this.#unfinishedText + text : "";
      this.#messages.push({ role: "assistant", parts });
      this.#messages = withText(this.#messages, isCut ? told.goOn : told.miscalled);
      return null;
    }
    // It only thought: there is nothing to go on from, so it gets more room.
    const most = Math.min(this.#task.entry.outputTokensMax, outputTokensMost);
    if (isCut && this.#outputTokens < most) {
      this.#outputTokens = Math.min(this.#outputTokens * 2, most);
    } else {
      this.#messages = withText(this.#messages, isMiscalled ? told.miscalled : told.empty);
    }
    return null;
  }

  /** Asks for a last answer; if there is none, what was said before is kept. */
  async #lastAnswer({ reason, why }: Reached): Promise<LanguageEnd> {
    try {
      await this.#ask(told.last(why));
    } catch (error) {
      if (this.#tools.signal.aborted) throw error;
      if (!(error instanceof RunEnd)) throw error;
    }
    return unfinished(reason, why);
  }

  /**
   * @param last What the model is told with its last request; a summary mustn't swallow it.
   * @throws {RunEnd} If there is no answer.
   */
  async #ask(last: string | null): Promise<Turn> {
    for (let level = 0; ; level += 1) {
      const speech = new Speech(this.#tools, this.#unfinishedText);
      try {
        const messages = last === null ? this.#messages : withText(this.#messages, last);
        const turn = await this.#call(messages, speech, last !== null);
        speech.end();
        this.#note(turn.usage);
        return turn;
      } catch (error) {
        speech.end();
        this.#tools.signal.throwIfAborted();
        if (!(error instanceof ProviderFault)) throw error;
        const bare = error.isFinal ? withoutAllImages(this.#messages) : null;
        this.#messages = bare ?? this.#messages;
        // It may have refused the request for one image that it can't read.
        if (bare !== null) continue;
        const isTooLong = error.kind === "too_long" && level < compactionsInRowMax;
        if (!isTooLong) throw new RunEnd(endOf(error));
        await this.#compact(level + 1);
      }
    }
  }

  async #call(
    messages: readonly Message[],
    listener: TurnListener & { startOver?(): void },
    isLast: boolean,
  ): Promise<Turn> {
    const { wire, url, model, tools, times } = this.#settings;
    const { entry, reasoningEffort, executionId, attempt, token } = this.#task;
    this.#calls += 1;
    const cut: Cut = { partial: null };
    const turn = await callModel(
      {
        ...{ wire, url, token, listener, times },
        body: wire.body({
          model,
          system: this.#system,
          tools: entry.tools ? tools.map(({ spec }) => spec) : [],
          messages,
          outputTokensMax: this.#outputTokens,
          modelOutputTokensMax: entry.outputTokensMax,
          effort: entry.reasoning ? reasoningEffort : null,
          cacheKey: executionId,
        }),
        idempotencyKey: `${executionId}-${attempt}-${this.#calls}`,
        signal: this.#tools.signal,
        budgetMs: this.#limits.callMs(isLast),
        onRetry: () => listener.startOver?.(),
      },
      cut,
    );
    this.#limits.add(turn.usage);
    this.#tools.emit({ type: "turn_completed", turn: this.#limits.steps, tokens: turn.usage });
    return turn;
  }

  #note({ input, output }: Usage): void {
    const tokens = input + output;
    // The answer becomes a message; what comes after it is estimated.
    this.#counted = tokens === 0 ? null : { tokens, messages: this.#messages.length + 1 };
  }

  #roomTokens(): number {
    const { contextTokens } = this.#task.entry;
    return Math.floor(contextTokens * (1 - marginShare)) - this.#outputTokens;
  }

  #isNearlyFull(): boolean {
    const counted = this.#counted;
    const estimated =
      counted === null
        ? estimateText(this.#system) + estimateMessages(this.#messages)
        : counted.tokens + estimateMessages(this.#messages.slice(counted.messages));
    // With nothing but the opening there is nothing to leave out.
    return estimated > this.#roomTokens() && this.#messages.length > 2;
  }

  async #compact(level: number): Promise<void> {
    this.#tools.emit({
      type: "reasoning",
      content: "The conversation is summarized to save room.",
    });
    this.#messages = await compact(this.#messages, {
      task: this.#tools.redact(this.#task.content),
      roomTokens: this.#roomTokens(),
      level,
      summarize: (messages) => this.#summarize(messages),
    });
    this.#counted = null;
  }

  /** Only money and cancelling end the run here; without a summary it goes on all the same. */
  async #summarize(messages: readonly Message[]): Promise<string | null> {
    const silent = { text: () => undefined, thinking: () => undefined };
    try {
      const turn = await this.#call(messages, silent, false);
      const text = textOf(turn.parts).trim();
      return text === "" ? null : text;
    } catch (error) {
      this.#tools.signal.throwIfAborted();
      if (!(error instanceof ProviderFault)) throw error;
      if (error.kind === "budget") throw new RunEnd(endOf(error));
      return null;
    }
  }
}
