/** One attempt to leave the sandbox, from its first byte to its end in the log. */
import type { Socket } from "node:net";
import type { EgressRule } from "#shared/core/network/network-policy";
import type { EgressAttempt, EgressEnd } from "#shared/protocol/runner";
import { EgressRefusal } from "./refusal.ts";

/** An attempt before it is numbered. */
export type NewAttempt = Omit<EgressAttempt, "sequence" | "open">;

/** An attempt that was recorded before its end. */
export interface OpenEntry {
  /** Resolves when it is stored. @throws {EgressRefusal} If it can't be; then don't connect. */
  readonly stored: Promise<void>;
  end(how: EgressEnd): void;
}

export interface AttemptLog {
  /** @throws {EgressRefusal} If it can't be recorded; then it mustn't be made. */
  open(attempt: NewAttempt): OpenEntry;
  /** Records an attempt that was refused before anything was sent. */
  record(attempt: NewAttempt): void;
}

export interface AttemptDeps {
  readonly log: AttemptLog;
  readonly now: () => number;
  /** Removes secrets from a host's name, because a program may ask for any name. */
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
   * Records that it is allowed. Nothing of the sandbox's may be sent before this resolves.
   * @throws {EgressRefusal} At once if there is no place for it on the record.
   */
  open(): Promise<void> {
    this.#entry = this.#deps.log.open({ ...this.#what, at: this.#at, ...this.#outcome(null) });
    return this.#entry.stored;
  }

  /** Sets the connection whose bytes are counted, and its address. */
  connected(upstream: Socket, address: string): void {
    this.#upstream = upstream;
    this.#address = address;
  }

  /**
   * Records the end once, with the first reason. Any error but a refusal counts as a broken
   * connection.
   */
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
