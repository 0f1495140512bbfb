/**
 * Calls the model: one streamed request, repeated while the failure may pass. Repetitions carry the
 * same idempotency key, so the gateway charges them once, until an answer came that is of no use.
 */
import { type IncomingMessage, request as plainRequest } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import type { Turn } from "./conversation.ts";
import { faultOfStatus, malformedStream, ProviderFault } from "./provider-fault.ts";
import { SseReader } from "./sse-reader.ts";
import type { TurnListener, Wire } from "./wires/wire.ts";

export interface CallTimes {
  /** How long the first byte may take; a model may think long before it. */
  readonly headersMs: number;
  /** How long the connection may be silent. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** How long a call whose answer was lost may be under way before it is made again. */
  readonly inFlightMs: number;
}

export const callTimes: CallTimes = {
  headersMs: 300_000,
  idleMs: 90_000,
  totalMs: 900_000,
  backoffFirstMs: 500,
  backoffMaxMs: 30_000,
  inFlightMs: 20_000,
};

const attemptsMax = 8;
/** Each of these may be charged. */
const spentMax = 3;
const refusalBytesMax = 64 * 1024;
/** What a lost call may take of the time for the call and its repetitions. */
const inFlightShare = 1 / 4;

export interface ModelCall {
  readonly url: string;
  readonly wire: Wire;
  readonly token: string;
  readonly body: string;
  readonly idempotencyKey: string;
  readonly listener: TurnListener;
  readonly signal: AbortSignal;
  /** How long the whole call may take, with all repetitions. */
  readonly budgetMs: number;
  readonly times?: CallTimes;
  /** Called before a call is repeated. */
  readonly onRetry?: (fault: ProviderFault) => void;
}

/** What a call that failed had said, kept for the result. */
export interface Cut {
  partial: Turn | null;
}

/**
 * @param cut Receives what came of the last attempt, if it failed or was stopped.
 * @throws {ProviderFault} If the provider refuses, or the failure lasts.
 * @throws {Error} As `signal` says, once it is aborted.
 */
export async function callModel(call: ModelCall, cut: Cut): Promise<Turn> {
  const times = call.times ?? callTimes;
  const deadline = performance.now() + call.budgetMs;
  let spent = 0;
  const patience = new Patience(Math.min(times.inFlightMs, call.budgetMs * inFlightShare));
  for (let attempt = 1; ; attempt += 1) {
    const key = call.idempotencyKey + (spent === 0 ? "" : `.${spent}`);
    try {
      const leftMs = Math.max(1, deadline - performance.now());
      const turn = await callOnce({ ...call, idempotencyKey: key }, cut, leftMs);
      cut.partial = null;
      return turn;
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof ProviderFault)) throw error;
      const isGivenUp = error.isInFlight && patience.isOver();
      if (error.isSpent || isGivenUp) spent += 1;
      // Asking whether it has ended is no attempt.
      if (error.isInFlight) attempt -= 1;
      if (!error.mayPass || attempt >= attemptsMax || spent > spentMax) throw error;
      const ceilingMs = Math.min(times.backoffMaxMs, times.backoffFirstMs * 2 ** (attempt - 1));
      // What the provider asks for is the least, so that all that it refused don't come at once.
      const waitMs = isGivenUp ? 0 : (error.retryAfterMs ?? 0) + Math.random() * ceilingMs;
      if (performance.now() + waitMs >= deadline) throw error;
      call.onRetry?.(error);
      await wait(waitMs, undefined, { signal: call.signal });
    }
  }
}

/**
 * How long to wait for a call whose answer was lost. A gateway that lives ends it, and then its
 * answer is had again; one that was killed leaves it open for as long as the longest call takes.
 */
class Patience {
  readonly #ms: number;
  #until: number | null = null;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Begins when it is asked first, and again once it was over. */
  isOver(): boolean {
    const now = performance.now();
    this.#until ??= now + this.#ms;
    if (now < this.#until) return false;
    this.#until = null;
    return true;
  }
}

async function callOnce(call: ModelCall, cut: Cut, budgetMs: number): Promise<Turn> {
  const times = call.times ?? callTimes;
  const reader = call.wire.reader(call.listener);
  const watch = new Watchdog(call.signal, Math.min(times.totalMs, budgetMs));
  try {
    watch.expect(times.headersMs, "It didn't begin to answer");
    const response = await send(call, watch);
    const status = response.statusCode ?? 0;
    if (status !== 200) throw faultOfStatus(status, await readRefusal(response), response.headers);
    const events = new SseReader();
    watch.expect(times.idleMs, "It fell silent");
    for await (const chunk of response) {
      watch.expect(times.idleMs, "It fell silent");
      for (const event of events.read(chunk)) reader.read(event);
    }
    const turn = reader.turn();
    if (turn.end === "cut") throw malformedStream("it ends too early");
    return turn;
  } catch (error) {
    cut.partial = reader.turn();
    throw watch.reason ?? asFault(error);
  } finally {
    watch.end();
  }
}

/** Ends a call that takes too long, and knows why it did. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #total: NodeJS.Timeout;
  readonly #stop = () => this.#controller.abort();
  #timer: NodeJS.Timeout | undefined;
  reason: ProviderFault | undefined;

  constructor(outer: AbortSignal, totalMs: number) {
    this.#outer = outer;
    outer.addEventListener("abort", this.#stop, { once: true });
    if (outer.aborted) this.#stop();
    this.#total = setTimeout(() => this.#give("It took too long"), totalMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(withinMs: number, otherwise: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#give(otherwise), withinMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#total);
    this.#outer.removeEventListener("abort", this.#stop);
    // Closes the connection of an answer that wasn't read to its end.
    this.#controller.abort();
  }

  #give(why: string): void {
    this.reason = new ProviderFault(broken(why), { mayPass: true });
    this.#controller.abort();
  }
}

const broken = (why: string) => `The model's answer broke off. ${why}.`;

/** TLS is loaded by the first call that needs it. */
async function send(call: ModelCall, watch: Watchdog): Promise<IncomingMessage> {
  const target = new URL(call.url);
  const headers = {
    "content-type": "application/json",
    accept: "text/event-stream",
    "content-length": `${Buffer.byteLength(call.body)}`,
    "idempotency-key": call.idempotencyKey,
    ...call.wire.headers(call.token),
  };
  const options = { method: "POST", headers, signal: watch.signal };
  const answered = Promise.withResolvers<IncomingMessage>();
  const make = target.protocol === "http:" ? plainRequest : (await import("node:https")).request;
  const sent = make(target, options);
  sent.once("response", answered.resolve);
  sent.on("error", answered.reject);
  refuseStrangeAnswers(sent, answered.reject);
  sent.end(call.body);
  return await answered.promise;
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    sizeBytes += chunk.length;
    if (sizeBytes > refusalBytesMax) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A broken connection; the system's code says more than nothing, and quotes nothing. */
function asFault(error: unknown): ProviderFault {
  if (error instanceof ProviderFault) return error;
  const code: unknown = Object(error).code;
  const why = typeof code === "string" ? `The connection failed with ${code}` : "It was cut off";
  return new ProviderFault(broken(why), { mayPass: true });
}
