/**
 * Calls the gateway, which is the only address that the runner can reach: claims, workspace,
 * events, heartbeats, settlement.
 */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import { Fault } from "#shared/core/fault";
import { wellFormedJson } from "#shared/core/well-formed-json";
import {
  ClaimReply,
  type ClaimRequest,
  EgressReply,
  type EgressRequest,
  EventsReply,
  gatewayPaths,
  HeartbeatReply,
  type Lease,
  manifestBytesMax,
  packBytesMax,
  type RunnerEvent,
  SettleReply,
  type SettleRequest,
} from "#shared/protocol/runner";
import { callHttp, UnansweredError } from "./http-call.ts";

const timeoutsMs = { call: 10_000, settle: 30_000, object: 60_000, egress: 5_000 };
const replyBytesMax = 32 * 1024 * 1024;
const attemptsMax = 6;
/** How long an object is asked for: a gateway that restarts mustn't end an execution. */
const fetchMsMax = 120_000;
const backoffMs = { first: 100, max: 4_000 };

/** A refusal of the gateway; `status` says whether trying again can help. */
export class GatewayError extends Fault {
  override readonly name = "GatewayError";
  readonly status: number;

  constructor(path: string, status: number) {
    super(`The gateway answered ${status} to ${path.split("?")[0]}.`);
    this.status = status;
  }

  /** Whether another attempt owns the execution, or it has ended; our calls no longer count. */
  get isStale(): boolean {
    return this.status === 404 || this.status === 409 || this.status === 410;
  }
}

interface GatewayCall {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: Uint8Array | string;
  readonly contentType?: string;
  readonly timeoutMs: number;
  /** Sent once only, because the caller repeats it itself. */
  readonly once?: boolean;
  /** When to stop repeating a call that failed for a passing reason; milliseconds since 1970. */
  readonly until?: number;
}

export class Gateway {
  readonly #baseUrl: string;
  #token: string;

  /** @param token The ID token; the claim's reply replaces it. */
  constructor(baseUrl: string, token: string) {
    this.#baseUrl = baseUrl.replace(/(?<!\/)\/+$/, "");
    this.#token = token;
  }

  /**
   * Claims the execution. It is tried longer than other calls, because nothing can start before.
   *
   * @param until When to give up, in milliseconds since 1970. If another runner is started before,
   * this one's ticket is refused, which ends the trying.
   */
  async claim(request: ClaimRequest, until: number): Promise<ClaimReply> {
    const claimed = await this.#post(gatewayPaths.claim, request, ClaimReply, { until });
    this.#token = claimed.controlToken;
    return claimed;
  }

  /** Null if the object doesn't exist or its bytes don't match its name; repeating can't help. */
  manifest(digest: string): Promise<Uint8Array | null> {
    return this.#object(gatewayPaths.manifest(digest), digest, manifestBytesMax);
  }

  /** Null in the same cases. */
  pack(digest: string): Promise<Uint8Array | null> {
    return this.#object(gatewayPaths.pack(digest), digest, packBytesMax);
  }

  async putManifest(digest: string, body: Uint8Array, until: number): Promise<void> {
    await this.#put(gatewayPaths.manifest(digest), body, until);
  }

  async putPack(digest: string, body: Uint8Array, until: number): Promise<void> {
    await this.#put(gatewayPaths.pack(digest), body, until);
  }

  events(
    events: readonly RunnerEvent[],
    readerUntil: number,
  ): Promise<z.infer<typeof EventsReply>> {
    return this.#post(gatewayPaths.events, { events, readerUntil }, EventsReply);
  }

  /** A connection may wait for this call, so the connection is refused if the call takes long. */
  async egress(call: EgressRequest): Promise<z.infer<typeof EgressReply>> {
    return await this.#post(gatewayPaths.egress, call, EgressReply, {
      until: Date.now() + timeoutsMs.egress,
    });
  }

  heartbeat({ version, readerUntil }: Lease): Promise<z.infer<typeof HeartbeatReply>> {
    const beat = { leaseVersion: version, readerUntil };
    return this.#post(gatewayPaths.heartbeat, beat, HeartbeatReply, { once: true });
  }

  settle(request: SettleRequest, until: number): Promise<z.infer<typeof SettleReply>> {
    // Long lists of files are merged first, in turn with those of others.
    const timeoutMs = timeoutsMs.settle;
    return this.#post(gatewayPaths.settle, request, SettleReply, { until, timeoutMs });
  }

  async #post<S extends z.ZodType>(
    path: string,
    body: unknown,
    reply: S,
    patience: Partial<Pick<GatewayCall, "until" | "once" | "timeoutMs">> = {},
  ): Promise<z.output<S>> {
    const bytes = await this.#call({
      method: "POST",
      path,
      body: wellFormedJson(body),
      contentType: "application/json",
      timeoutMs: timeoutsMs.call,
      ...patience,
    });
    return reply.parse(JSON.parse(bytes.toString("utf8")));
  }

  async #object(path: string, digest: string, bytesMax: number): Promise<Uint8Array | null> {
    const until = Date.now() + fetchMsMax;
    try {
      const bytes = await this.#call({ method: "GET", path, timeoutMs: timeoutsMs.object, until });
      const found = createHash("sha256").update(bytes).digest("hex");
      return bytes.length > bytesMax || found !== digest ? null : bytes;
    } catch (error) {
      if (error instanceof GatewayError && error.status === 404) return null;
      throw error;
    }
  }

  async #put(path: string, body: Uint8Array, until: number): Promise<void> {
    const contentType = "application/octet-stream";
    await this.#call({
      method: "PUT",
      path,
      body,
      contentType,
      timeoutMs: timeoutsMs.object,
      until,
    });
  }

  /** Repeats calls whose failure may be temporary, with full jitter; all are safe to repeat. */
  async #call(call: GatewayCall): Promise<Buffer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(call);
      } catch (error) {
        // Calls with a deadline are tried until then, others a few times.
        const late = call.until === undefined ? attempt >= attemptsMax : Date.now() >= call.until;
        if (late || call.once === true || !mayPass(error)) throw error;
        const ceilingMs = Math.min(backoffMs.max, backoffMs.first * 2 ** attempt);
        await wait(Math.random() * ceilingMs);
      }
    }
  }

  async #once(call: GatewayCall): Promise<Buffer> {
    const leftMs = call.until === undefined ? call.timeoutMs : call.until - Date.now();
    const { status, body } = await callHttp({
      method: call.method,
      url: this.#baseUrl + call.path,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(call.contentType === undefined ? {} : { "content-type": call.contentType }),
      },
      body: call.body,
      timeoutMs: Math.max(1, Math.min(call.timeoutMs, leftMs)),
      replyBytesMax,
    });
    if (status < 200 || status > 299) throw new GatewayError(call.path, status);
    return body;
  }
}

/** Whether calling again may help: a network error, or a status that means "later". */
export function mayPass(error: unknown): boolean {
  if (error instanceof GatewayError) return error.status >= 500 || error.status === 429;
  return error instanceof UnansweredError;
}
