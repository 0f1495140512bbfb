/**
 * Replaces containers: no sandbox, but the runner's own calls to the gateway. It asks the metadata
 * server for an ID token, claims with the job's ticket, and settles when the task says so. The task
 * isn't a script but a {@link Play} as JSON; an empty one settles at once.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { claimingMsMax, jobEnvironment } from "#shared/protocol/job";
import type { ClaimReply, SettleRequest } from "#shared/protocol/runner";
import { claimedModes } from "#shared/protocol/sandbox-mode";
import type { Containers } from "../../local/run/container-host.ts";
import type { JobDefinition } from "../../local/run/execution.ts";
import { Gateway, GatewayError } from "../../runner/supervisor/gateway.ts";
import { fetchIdToken } from "../../runner/supervisor/id-token.ts";

const Play = z.object({
  /** Time from the claim to the settlement; the gateway measures it, and charges for it. */
  workMs: z.int().min(0).default(0),
  /** Settlements sent at once, to each gateway; all but one are late. */
  settlements: z.int().min(1).max(20).default(1),
  /** The gateways to settle with, instead of the one of the claim. */
  gateways: z.array(z.url()).default([]),
  /** When to send it again, as a runner does that never received the answer; null for never. */
  againAfterMs: z.int().min(0).nullable().default(null),
  /** Dies after its claim. */
  silent: z.boolean().default(false),
});
type Play = z.infer<typeof Play>;

const settleWithinMs = 60_000;
const ended = { exitCode: 0, termSignal: 0, timedOut: false };

/** The text that a test sends as a message. */
export function play(what: Partial<Play> = {}): string {
  return JSON.stringify(what);
}

/** @param metadataHost speaks for the job's account. */
export function instantContainers(metadataHost: string): Containers {
  const stopped = new AbortController();
  return {
    run(_executionId, job) {
      const stop = new AbortController();
      const signal = AbortSignal.any([stopped.signal, stop.signal]);
      const over = perform(job, { metadataHost, signal }).then(
        () => ended,
        () => ({ ...ended, exitCode: 1 }),
      );
      return { stop: () => stop.abort(), ended: over };
    },
    async close() {
      stopped.abort();
    },
  };
}

async function perform(
  { environment }: JobDefinition,
  container: { readonly metadataHost: string; readonly signal: AbortSignal },
): Promise<void> {
  const setting = (name: string) => environment[name] ?? "";
  const audience = setting(jobEnvironment.gatewayAudience);
  const token = await fetchIdToken(container.metadataHost, audience);
  const gateway = new Gateway(setting(jobEnvironment.gatewayUrl), token);
  const claim = {
    ticket: setting(jobEnvironment.ticket),
    runner: { version: "1", sandboxMode: claimedModes.userns },
    claimant: randomBytes(32).toString("hex"),
  };
  const claimed = await gateway.claim(claim, Date.now() + claimingMsMax);
  const told = Play.parse(JSON.parse(claimed.task.content || "{}"));
  await wait(told.workMs, undefined, { signal: container.signal });
  if (told.silent) return;
  const others = told.gateways.map((url) => new Gateway(url, claimed.controlToken));
  const gateways = others.length === 0 ? [gateway] : others;
  const settleAll = async (times: number) => {
    await Promise.all(gateways.map((one) => settle(one, claimed, times)));
  };
  await settleAll(told.settlements);
  if (told.againAfterMs === null) return;
  await wait(told.againAfterMs, undefined, { signal: container.signal });
  await settleAll(1);
}

async function settle(gateway: Gateway, claimed: ClaimReply, times: number): Promise<void> {
  const request: SettleRequest = {
    leaseVersion: claimed.lease.version,
    outcome: "success",
    reason: "completed",
    exitCode: 0,
    output: "done",
    outputTruncated: false,
    workspace: { state: "unchanged" },
    eventsLastSequence: 0,
  };
  const until = Date.now() + settleWithinMs;
  const sent = Array.from({ length: times }, () => gateway.settle(request, until));
  for (const result of await Promise.allSettled(sent)) {
    const stale = result.status === "rejected" && result.reason instanceof GatewayError;
    // If another process ended it, it had the right to: the fence held.
    if (result.status === "rejected" && !(stale && result.reason.isStale)) throw result.reason;
  }
}
