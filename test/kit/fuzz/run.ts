/** Fuzzes every operation of the document, and says what answered 5xx or not as described. */
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { type DescribedOperation, faultOf, findOperation, operations } from "../api-document.ts";
import { arbitraryRequest, type FuzzedRequest, faultyRequest } from "./arbitrary-request.ts";
import { KnownIds } from "./ids.ts";
import { BrokenOff, Connections, type FuzzedAnswer, type Wire, wireOf } from "./send.ts";

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly owner: { readonly id: string; readonly key: string; readonly keyId: string };
  /** A key of the same owner with one scope. */
  readonly narrow: { readonly id: string; readonly key: string };
  readonly operatorToken: string;
  /** Ids and other text of what the owner has at first. */
  readonly known: string;
}

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** How many in a hundred have no fault on purpose, so that they reach what is stored. */
  readonly deepPercent: number;
  /** Requests under way at once. */
  readonly width?: number;
  readonly onProgress?: (sent: number) => void;
  /** Told each kind of fault when it is found, so that a run that is ended early isn't lost. */
  readonly onFault?: (fault: string) => void;
}

export interface FuzzResult {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests that were sent again after a 503 with a time to wait, or an answer that broke off. */
  readonly repeated: number;
  /** One line for each kind of fault, with the first request that had it. */
  readonly faults: readonly string[];
}

/**
 * How often an operation may succeed that takes long, ends the run, or stops what the cloud does
 * for others. After that it is sent without a credential.
 */
const bounded: Readonly<Record<string, number>> = {
  sendMessage: 8,
  deleteAccount: 0,
  adminContainIncident: 0,
  adminRemoveOperator: 0,
  adminCreateOperator: 0,
  requestExport: 4,
};
/** The edge counts requests by address. */
const requestsPerAddress = 800;
const widthUsual = 24;
/** Longer answers are lists of ids that are known. */
const learnedMax = 100_000;
/** How many requests are drawn at once. */
const batch = 500;
/** How often a request is sent again whose answer says that waiting helps; it must be true. */
const repeatsMax = 4;
/** How much of an answer is shown. */
const answerMax = 200;

export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { requests, seed, deepPercent, width = widthUsual, onProgress, onFault } = options;
  const run = new FuzzRun(target, onFault);
  for (let sent = 0; sent < requests; sent += batch) {
    const count = Math.min(batch, requests - sent);
    const deep = Math.round((count * deepPercent) / 100);
    const drawn = [
      ...drawRequests(arbitraryRequest, deep, seed + sent),
      ...drawRequests(faultyRequest, count - deep, seed + sent),
    ];
    await run.sendAll(drawn, width);
    onProgress?.(Math.min(requests, sent + batch));
  }
  return run.end();
}

type Kind = typeof arbitraryRequest;

/** Every operation is drawn as often, and the order is mixed. */
function drawRequests(kind: Kind, count: number, seed: number): FuzzedRequest[] {
  const each = Math.ceil(count / operations.length);
  const drawn = operations.flatMap((described, index) =>
    fc.sample(arbitraryOf(kind, described), { numRuns: each, seed: seed * 1_000 + index }),
  );
  const some = fc.shuffledSubarray(drawn, { minLength: count, maxLength: count });
  return fc.sample(some, { numRuns: 1, seed })[0] ?? [];
}

const arbitraries = new Map<Kind, Map<DescribedOperation, fc.Arbitrary<FuzzedRequest>>>();

function arbitraryOf(kind: Kind, described: DescribedOperation): fc.Arbitrary<FuzzedRequest> {
  const ofKind =
    arbitraries.get(kind) ?? new Map<DescribedOperation, fc.Arbitrary<FuzzedRequest>>();
  arbitraries.set(kind, ofKind);
  const known = ofKind.get(described) ?? kind(described);
  ofKind.set(described, known);
  return known;
}

/** Sentences for what no schema has words of its own for: each that comes hides what to change. */
const vague = /documentation shows|is documented with|match its schema|of another type/;

class FuzzRun {
  readonly #credentials: Record<FuzzedRequest["credential"], readonly string[]>;
  readonly #ids: KnownIds;
  readonly #baseUrl: string;
  readonly #faults = new Map<string, string>();
  readonly #byStatus: Record<string, number> = {};
  readonly #left = new Map(Object.entries(bounded));
  readonly #onFault: FuzzOptions["onFault"];
  #connections: Connections;
  #sent = 0;
  #repeated = 0;

  constructor(
    { baseUrl, owner, narrow, operatorToken, known }: FuzzTarget,
    onFault?: FuzzOptions["onFault"],
  ) {
    this.#onFault = onFault;
    this.#baseUrl = baseUrl;
    this.#ids = new KnownIds([owner.id, owner.keyId, narrow.id]);
    this.#ids.learn(known);
    const bearer = (token: string) => ["authorization", `Bearer ${token}`];
    this.#credentials = {
      owner: bearer(owner.key),
      "owner-header": ["x-api-key", owner.key],
      narrow: bearer(narrow.key),
      operator: bearer(operatorToken),
      none: [],
      junk: bearer(`tb_dev_${"0".repeat(64)}`),
    };
    this.#connections = this.#connect();
  }

  #connect(): Connections {
    const octet = (Math.floor(this.#sent / requestsPerAddress) % 250) + 1;
    return new Connections(this.#baseUrl, `127.${addressBlock}.${octet}.7`);
  }

  async sendAll(drawn: readonly FuzzedRequest[], width: number): Promise<void> {
    const rest = drawn[Symbol.iterator]();
    const worker = async () => {
      for (const fuzzed of rest) await this.#sendOne(fuzzed);
    };
    await Promise.all(Array.from({ length: width }, worker));
  }

  async #sendOne(drawn: FuzzedRequest): Promise<void> {
    const fuzzed = this.#harmless(drawn);
    const wire = wireOf(fuzzed, { ids: this.#ids, credentials: this.#credentials });
    this.#sent += 1;
    if (this.#sent % requestsPerAddress === 0) this.#connections = this.#connect();
    try {
      this.#judge(fuzzed, wire, await this.#sendPatiently(wire));
    } catch (error) {
      this.#note(fuzzed, wire, error instanceof Error ? error.message : "sending failed");
    }
  }

  /**
   * A database that a busy machine starves answers too late, and its callers are told to wait; that
   * they get an answer afterwards is what is tried here. An answer that was begun by then can only
   * break off; what reads is asked again.
   */
  async #sendPatiently(wire: Wire): Promise<FuzzedAnswer> {
    for (let repeats = 0; ; repeats += 1) {
      const answer = await this.#connections.send(wire).catch((error: unknown) => {
        if (error instanceof BrokenOff && wire.method === "GET" && repeats < repeatsMax)
          return null;
        throw error;
      });
      const afterS = answer === null ? 1 : Number(answer.headers["retry-after"] ?? Number.NaN);
      const isAsked = answer === null || (answer.status === 503 && afterS > 0);
      if (answer !== null && (!isAsked || repeats === repeatsMax)) return answer;
      this.#repeated += 1;
      await wait(afterS * 1_000);
    }
  }

  /** The request, without a credential if it may have its effect no more. */
  #harmless(fuzzed: FuzzedRequest): FuzzedRequest {
    const { operationId } = fuzzed.described.operation;
    const left = this.#left.get(operationId) ?? 1;
    return left > 0 ? fuzzed : { ...fuzzed, credential: "none" };
  }

  #judge(fuzzed: FuzzedRequest, wire: Wire, answer: FuzzedAnswer): void {
    const { status, headers, text, left } = answer;
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
    if (status < 300) this.#succeeded(fuzzed, text);
    if (status === 404) this.#ids.forget(wire.path);
    const start = text.slice(0, answerMax);
    if (status >= 500) this.#note(fuzzed, wire, `answered ${status}: ${start}`);
    if (status === 400 && vague.test(text)) {
      this.#note(fuzzed, wire, `doesn't say what to change: ${start}`);
    }
    // An odd path may be one of another operation, or of none.
    const reached = findOperation(wire.method, decoded(wire.path));
    if (!reached || left || status >= 500) return;
    const [mediaType = ""] = (headers["content-type"] ?? "").split(";");
    const isCompressed = headers["content-encoding"] !== undefined;
    const fault = isCompressed
      ? null
      : faultOf(reached, { status, mediaType, body: () => JSON.parse(text) });
    if (fault !== null) this.#note(fuzzed, wire, fault, `${status} ${start}`);
  }

  #succeeded({ described }: FuzzedRequest, text: string): void {
    const { operationId } = described.operation;
    const left = this.#left.get(operationId);
    if (left !== undefined) this.#left.set(operationId, left - 1);
    if (text.length < learnedMax) this.#ids.learn(text);
  }

  #note(fuzzed: FuzzedRequest, wire: Wire, fault: string, answer?: string): void {
    const kind = `${fuzzed.described.operation.operationId} ${fault.replace(/req_[\w-]+/g, "req_…")}`;
    if (this.#faults.has(kind)) return;
    const body = wire.payload?.toString().slice(0, 400) ?? "";
    const headers = wire.headers.filter(
      (_, index) => !/Bearer|authorization/.test(String(wire.headers[index])),
    );
    const asked = `${wire.method} ${wire.path.slice(0, 400)} [${headers.join(" ")}] ${body}`;
    const described = [kind, asked, answer ?? []].flat().join("\n  ");
    this.#faults.set(kind, described);
    this.#onFault?.(described);
  }

  end(): FuzzResult {
    this.#connections.close();
    const faults = [...this.#faults.values()];
    return { sent: this.#sent, byStatus: this.#byStatus, repeated: this.#repeated, faults };
  }
}

/** Another block of addresses for each process. */
const addressBlock = 100 + (process.pid % 100);

function decoded(path: string): string {
  return path.split("?")[0] ?? path;
}
