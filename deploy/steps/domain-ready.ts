/**
 * Waits until the domain points to the load balancer and its certificate is active. Before that, no
 * client gets an answer.
 */
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { showWorking } from "../../scripts/tools/working.ts";
import { type DnsRecord, isThere, zoneLine } from "../preflight/domain.ts";
import { detail, done, line, Stop } from "../print.ts";
import type { DeployContext } from "./deploy-context.ts";

const everyMs = 15_000;
/** A person may be entering the records right now; a workflow can't. */
const recordsWithinMs = { person: 20 * 60_000, nobody: 2 * 60_000 } as const;
/** Google's signer takes minutes, sometimes most of an hour. */
const certificateWithinMs = 60 * 60_000;
/** Google's edge takes 5 to 10 minutes to learn of a new load balancer. */
const answerWithinMs = 20 * 60_000;
/** The exit code while something is missing that this program can't do, which isn't a failure. */
const notYetExitCode = 3;

const Certificates = z.object({
  certificates: z
    .array(
      z.object({
        name: z.string(),
        managed: z
          .object({
            domains: z.array(z.string()).default([]),
            state: z.string().default("STATE_UNSPECIFIED"),
            provisioningIssue: z.object({ details: z.string().default("") }).optional(),
            authorizationAttemptInfo: z
              .array(z.object({ domain: z.string(), details: z.string().optional() }))
              .default([]),
          })
          .optional(),
      }),
    )
    .default([]),
});

/** @throws {Stop} With exit code 3, if something is missing for too long. */
export async function untilDomainIsReady(
  context: DeployContext,
  domain: string,
  records: readonly DnsRecord[],
): Promise<void> {
  await untilRecordsAreThere(context, records);
  const url = `https://certificatemanager.googleapis.com/v1/projects/${context.options.project}/locations/global/certificates`;
  const deadline = performance.now() + certificateWithinMs;
  const shown = showWorking(`waiting for the certificate of ${domain}`);
  try {
    for (;;) {
      const answer = await context.google.ask(url, Certificates);
      const managed = answer.ok
        ? answer.value.certificates.find((one) => one.managed?.domains.includes(domain))?.managed
        : undefined;
      if (managed?.state === "ACTIVE") break;
      if (managed?.state === "FAILED" || performance.now() > deadline) {
        const detail = managed?.authorizationAttemptInfo.find(({ details }) => details)?.details;
        const why = detail ?? managed?.provisioningIssue?.details ?? "";
        const what = `The certificate of ${domain} is ${managed?.state ?? "not to be seen"}. ${why}`;
        throw new Stop(`${what.trim()} Run the same command again later.`, notYetExitCode);
      }
      await delay(everyMs);
    }
  } finally {
    shown();
  }
  done(`the certificate of ${domain} is in force`);
}

/**
 * A new load balancer takes minutes to answer, at first with errors of its own. The smoke test
 * checks its answers, so giving up here isn't a failure.
 */
export async function untilItAnswers(url: string): Promise<void> {
  const deadline = performance.now() + (statedMs() ?? answerWithinMs);
  const shown = showWorking(`waiting for ${url} to answer`);
  try {
    while (performance.now() < deadline) {
      const signal = AbortSignal.timeout(everyMs);
      const answer = await fetch(`${url}/v1/health`, { signal }).catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await delay(everyMs);
    }
  } finally {
    shown();
  }
}

async function untilRecordsAreThere(
  context: DeployContext,
  records: readonly DnsRecord[],
): Promise<void> {
  let missing = await missingOf(context, records);
  if (missing.length > 0) {
    line("Add these records where the domain's zone is kept:");
    for (const record of missing) line(`  ${zoneLine(record)}`);
    detail("Waiting for them; Ctrl-C is fine, the same command goes on from here.");
  }
  const isPerson = process.stdin.isTTY && !context.options.yes;
  const usualMs = recordsWithinMs[isPerson ? "person" : "nobody"];
  const deadline = performance.now() + (statedMs() ?? usualMs);
  while (missing.length > 0) {
    if (performance.now() > deadline) {
      const sentence = "Everything is made, but nobody finds it before these records are there.";
      throw new Stop(`${sentence} Then run the same command again.`, notYetExitCode);
    }
    await delay(Math.min(everyMs, deadline - performance.now() + 1));
    missing = await missingOf(context, missing);
  }
  done("the domain's records are there");
}

/** PADDOCK_DEPLOY_WAIT_MS shortens the waits. */
function statedMs(): number | null {
  const stated = process.env.PADDOCK_DEPLOY_WAIT_MS;
  return stated === undefined ? null : Number(stated);
}

async function missingOf(
  context: DeployContext,
  records: readonly DnsRecord[],
): Promise<readonly DnsRecord[]> {
  const there = await Promise.all(records.map((record) => isThere(record, context.endpoint)));
  return records.filter((_, index) => !there[index]);
}
