/**
 * Waits until the domain points to the load balancer and its certificate is active. Before that, no
 * client gets an answer.
 */
import * as z from "zod";
import { showWorking } from "../../scripts/tools/working.ts";
import { type Clock, waitUntil } from "../clock.ts";
import { type DnsRecord, gatewayNameOf, isThere, zoneLine } from "../preflight/domain.ts";
import { detail, done, line, Stop } from "../print.ts";
import type { DeployContext } from "./deploy-context.ts";

const everyMs = 15_000;
/** A person may be entering the records right now; a workflow can't. */
const recordsWithinMs = { person: 20 * 60_000, nobody: 2 * 60_000 } as const;
/** Google's signer takes minutes, sometimes most of an hour. */
const certificatePatience = { everyMs, withinMs: 60 * 60_000 };
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

/** A certificate that clients or runners are shown. */
interface ShownCertificate {
  readonly name: string;
  /** `global`, or the region of the gateways' load balancer. */
  readonly location: string;
}

/**
 * Waits for the records, and for both certificates: the API's own, and the regional one that the
 * gateways show to runners. Without the second every execution would fail at its first call.
 *
 * @throws {Stop} With exit code 3, if something is missing for too long.
 */
export async function untilDomainIsReady(
  context: DeployContext,
  { domain, region }: { readonly domain: string; readonly region: string },
  records: readonly DnsRecord[],
): Promise<void> {
  await untilRecordsAreThere(context, records);
  await untilCertificate(context, { name: domain, location: "global" });
  await untilCertificate(context, { name: gatewayNameOf(domain), location: region });
}

async function untilCertificate(
  { clock, google, options }: DeployContext,
  { name, location }: ShownCertificate,
): Promise<void> {
  const url = `https://certificatemanager.googleapis.com/v1/projects/${options.project}/locations/${location}/certificates`;
  const shown = showWorking(`waiting for the certificate of ${name}`);
  let last = { state: "not to be seen", why: "" };
  try {
    const active = await waitUntil(clock, certificatePatience, async () => {
      const answer = await google.ask(url, Certificates);
      const managed = answer.ok
        ? answer.value.certificates.find((one) => one.managed?.domains.includes(name))?.managed
        : undefined;
      if (managed !== undefined) {
        const attempt = managed.authorizationAttemptInfo.find(({ details }) => details);
        const why = attempt?.details ?? managed.provisioningIssue?.details ?? "";
        last = { state: managed.state, why };
      }
      return managed?.state === "ACTIVE" || managed?.state === "FAILED" ? managed.state : null;
    });
    if (active === "ACTIVE") {
      done(`the certificate of ${name} is in force`);
      return;
    }
  } finally {
    shown();
  }
  const what = `The certificate of ${name} is ${last.state}. ${last.why}`;
  throw new Stop(`${what.trim()} Run the same command again later.`, notYetExitCode);
}

/**
 * A new load balancer takes minutes to answer, at first with errors of its own. The smoke test
 * checks its answers, so giving up here isn't a failure.
 */
export async function untilItAnswers(clock: Clock, url: string): Promise<void> {
  const shown = showWorking(`waiting for ${url} to answer`);
  const patience = { everyMs, withinMs: statedMs() ?? answerWithinMs };
  try {
    await waitUntil(clock, patience, async () => {
      const signal = AbortSignal.timeout(everyMs);
      const answer = await fetch(`${url}/v1/health`, { signal }).catch(() => null);
      await answer?.body?.cancel();
      return answer?.ok ? true : null;
    });
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
  const withinMs = statedMs() ?? recordsWithinMs[isPerson ? "person" : "nobody"];
  const found = await waitUntil(context.clock, { everyMs, withinMs }, async () => {
    missing = await missingOf(context, missing);
    return missing.length === 0 ? true : null;
  });
  if (found === null) {
    const sentence = "Everything is made, but nobody finds it before these records are there.";
    throw new Stop(`${sentence} Then run the same command again.`, notYetExitCode);
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
