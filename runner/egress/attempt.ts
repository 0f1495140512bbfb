/** One attempt to leave, from its first byte to its line in the log. */
import type { Socket } from "node:net";
import type { EgressRule } from "#shared/core/network-policy";
import type { EgressAttempt } from "#shared/protocol/runner";
import { Refusal } from "./refusal.ts";

export interface AttemptDeps {
  readonly record: (attempt: Omit<EgressAttempt, "sequence">) => void;
  readonly now: () => number;
  /** Takes secrets out of a host's name: a program may ask for anything. */
  readonly redact: (host: string) => string;
}

const hostLengthMax = 260;

export class Attempt {
  readonly #deps: AttemptDeps;
  readonly #at: number;
  readonly #what: Pick<EgressAttempt, "host" | "port" | "method">;
  #upstream: Socket | undefined;
  #address: string | null = null;
  #ended: boolean = false;

  constructor(deps: AttemptDeps, what: Pick<EgressAttempt, "host" | "port" | "method">) {
    this.#deps = deps;
    this.#at = deps.now();
    this.#what = { ...what, host: deps.redact(what.host).slice(0, hostLengthMax) };
  }

  /** Whose bytes are counted, and where they go. */
  connected(upstream: Socket, address: string): void {
    this.#upstream = upstream;
    this.#address = address;
  }

  /** Writes its line, once: the first reason counts. Anything but a refusal broke on the way. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    const { verdict, rule, address } = judged(error);
    this.#deps.record({
      ...this.#what,
      at: this.#at,
      verdict,
      rule,
      address: address ?? this.#address,
      sentBytes: this.#upstream?.bytesWritten ?? 0,
      receivedBytes: this.#upstream?.bytesRead ?? 0,
      durationMs: Math.max(0, this.#deps.now() - this.#at),
    });
  }
}

interface Judged extends Pick<EgressAttempt, "verdict" | "address"> {
  readonly rule: EgressRule | null;
}

function judged(error: unknown): Judged {
  if (error === null) return { verdict: "allowed", rule: null, address: null };
  if (!(error instanceof Refusal))
    return { verdict: "failed", rule: "connect_failed", address: null };
  return { verdict: error.verdict, rule: error.rule, address: error.address };
}
