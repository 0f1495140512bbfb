/** One attempt to leave, from its first byte to its end in the log. */
import type { Socket } from "node:net";
import type { EgressRule } from "#shared/core/network/network-policy";
import type { EgressAttempt, EgressEnd } from "#shared/protocol/runner";
import { EgressRefusal } from "./refusal.ts";

/** What is known of an attempt before it is numbered. */
export type NewAttempt = Omit<EgressAttempt, "sequence" | "open">;

/** An attempt that was written down before it ended. */
export interface OpenEntry {
  /** Resolves when it is stored. @throws {EgressRefusal} If it can't be: then don't connect. */
  readonly stored: Promise<void>;
  end(how: EgressEnd): void;
}

export interface AttemptLog {
  /** @throws {EgressRefusal} When it can't be recorded: then it mustn't be made. */
  open(attempt: NewAttempt): OpenEntry;
  /** One that is over: it was refused before anything was sent. */
  record(attempt: NewAttempt): void;
}

export interface AttemptDeps {
  readonly log: AttemptLog;
  readonly now: () => number;
  /** Takes secrets out of a host's name: a program may ask for anything. */
  readonly redact: (host: string) => string;
}

const hostLengthMax = 260;

export class ConnectionAttempt {
  readonly #deps: AttemptDeps;
  readonly #at: number;
  readonly #what: Pick<EgressAttempt, "host" | "port" | "method">;
  #entry: OpenEntry | undefined;
  #upstream: Socket | undefined;
  #address: string | null = null;
  #ended: boolean = false;

  constructor(deps: AttemptDeps, what: Pick<EgressAttempt, "host" | "port" | "method">) {
    this.#deps = deps;
    this.#at = deps.now();
    this.#what = { ...what, host: deps.redact(what.host).slice(0, hostLengthMax) };
  }

  /**
   * Writes down that it is allowed. Resolves when that is stored, and nothing of the sandbox's may
   * be sent before. @throws {EgressRefusal}
   */
  async open(): Promise<void> {
    this.#entry = this.#deps.log.open({ ...this.#what, at: this.#at, ...this.#outcome(null) });
    await this.#entry.stored;
  }

  /** Whose bytes are counted, and where they go. */
  connected(upstream: Socket, address: string): void {
    this.#upstream = upstream;
    this.#address = address;
  }

  /** Writes its end, once: the first reason counts. Anything but a refusal broke on the way. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    const outcome = this.#outcome(error);
    if (this.#entry) this.#entry.end(outcome);
    else this.#deps.log.record({ ...this.#what, at: this.#at, ...outcome });
  }

  #outcome(error: unknown): EgressEnd {
    const { verdict, rule, address } = judged(error);
    return {
      verdict,
      rule,
      address: address ?? this.#address,
      sentBytes: this.#upstream?.bytesWritten ?? 0,
      receivedBytes: this.#upstream?.bytesRead ?? 0,
      durationMs: Math.max(0, this.#deps.now() - this.#at),
    };
  }
}

interface Judged extends Pick<EgressAttempt, "verdict" | "address"> {
  readonly rule: EgressRule | null;
}

function judged(error: unknown): Judged {
  if (error === null) return { verdict: "allowed", rule: null, address: null };
  if (!(error instanceof EgressRefusal))
    return { verdict: "failed", rule: "connect_failed", address: null };
  return { verdict: error.verdict, rule: error.rule, address: error.address };
}
