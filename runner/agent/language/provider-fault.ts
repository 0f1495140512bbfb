/** Why a model call failed, as far as the loop must know. */

export type FaultKind =
  /** Money has ended; asking again can't help. */
  | "budget"
  /** The conversation is longer than the model can read. */
  | "too_long"
  /** Anything else. */
  | "other";

export interface FaultFacts {
  readonly kind?: FaultKind;
  /** Whether the same call may succeed later. */
  readonly mayPass: boolean;
  /** What the provider asked for. */
  readonly retryAfterMs?: number;
  /**
   * Whether the call was made and its answer is of no use, so that the same idempotency key would
   * bring the same answer, or none.
   */
  readonly isSpent?: boolean;
  /** Whether the call by the same idempotency key is said to be under way still. */
  readonly isInFlight?: boolean;
}

export class ProviderFault extends Error {
  override readonly name = "ProviderFault";
  readonly kind: FaultKind;
  readonly mayPass: boolean;
  readonly retryAfterMs: number | undefined;
  readonly isSpent: boolean;
  readonly isInFlight: boolean;

  constructor(message: string, { kind = "other", mayPass, ...facts }: FaultFacts) {
    super(message);
    this.kind = kind;
    this.isSpent = facts.isSpent ?? false;
    this.isInFlight = facts.isInFlight ?? false;
    this.mayPass = mayPass;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** Whether the same request is refused whenever it is made. */
  get isFinal(): boolean {
    return !this.mayPass && this.kind === "other";
  }
}

const tooLong =
  /prompt is too long|context.{0,20}length|context (?:window|limit)|maximum (number of )?(context|tokens)|exceeds? the (maximum|limit)|too many tokens|input is too long/i;
const shownLengthMax = 300;

/** The provider broke its own format. */
export function malformedStream(what: string): ProviderFault {
  const message = `The model's stream is malformed: ${what}.`;
  return new ProviderFault(message, { mayPass: true, isSpent: true });
}

/** Judges a refusal by its status and by what the provider says in its body. */
export function faultOfStatus(
  status: number,
  body: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ProviderFault {
  const said = messageOf(body);
  const message = `The model's provider answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status === 402) return new ProviderFault(message, { kind: "budget", mayPass: false });
  const isLong = status === 413 || (status === 400 && tooLong.test(said));
  if (isLong) return new ProviderFault(message, { kind: "too_long", mayPass: false });
  const retryAfterMs = retryAfter(headers["retry-after"]);
  const mayPass = status === 408 || status === 409 || status === 429 || status >= 500;
  // The gateway names no time if the call was made and charged, and its answer is gone.
  const isSpent = status === 409 && retryAfterMs === undefined;
  return new ProviderFault(message, {
    ...{ mayPass, isSpent, isInFlight: status === 409 && !isSpent },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Judges an error that comes inside of a stream. */
export function faultInStream(said: string, code: string): ProviderFault {
  const message = `The model's provider ended its answer with an error: ${cut(said || code)}`;
  if (/budget_exhausted|insufficient_funds/.test(code)) {
    return new ProviderFault(message, { kind: "budget", mayPass: false });
  }
  if (tooLong.test(said)) return new ProviderFault(message, { kind: "too_long", mayPass: false });
  const isFinal = /invalid_request|authentication|permission|not_found|billing/.test(code);
  return new ProviderFault(message, { mayPass: !isFinal, isSpent: true });
}

/** Seconds, or a date, as HTTP has it. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** All providers have `error.message`; anything else is shown as it came. */
function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const error: unknown = Object(parsed).error;
    const message: unknown = Object(error).message;
    if (typeof message === "string") return cut(message);
    if (typeof error === "string") return cut(error);
  } catch {
    // It isn't JSON.
  }
  return cut(body.replaceAll(/<[^>]{0,200}>/g, " "));
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const start = line.slice(0, shownLengthMax).toWellFormed();
  return line.length > shownLengthMax ? `${start}…` : start;
}
