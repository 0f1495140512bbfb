/**
 * Gives accounts access to their secrets before the services that mount them are made. Cloud Run
 * refuses a revision whose account can't read its secret, and the provider then marks the service
 * as failed.
 */
import * as z from "zod";
import { waitUntil } from "../clock.ts";
import { detail, done, Stop } from "../print.ts";
import { createdIn, type Plan } from "../terraform/plan-summary.ts";
import type { FirstPart } from "./apply.ts";
import type { DeployContext } from "./deploy-context.ts";

const grantType = "google_secret_manager_secret_iam_member";
/** A policy is read from where it was written; seven minutes are Google's own bound. */
const untilSeen = { everyMs: 5_000, withinMs: 7 * 60_000 };
/**
 * What Google's documents call typical for a grant to work everywhere, which no caller but the
 * account itself could see (cloud.google.com/iam/docs/access-change-propagation).
 */
const propagationMs = 2 * 60_000;

const Grant = z.object({ secret_id: z.string(), role: z.string(), member: z.string() });
type Grant = z.infer<typeof Grant>;
const Policy = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()) })).default([]),
});

/** The grants of the plan, as the part that is applied first. */
export function secretAccessFirst(context: DeployContext): FirstPart {
  return {
    targetsOf: (plan) => createdIn(plan, [grantType]).map(({ address }) => address),
    untilReady: async (plan) => await untilGrantsWork(context, grantsIn(plan)),
  };
}

const grantsIn = (plan: Plan): Grant[] =>
  createdIn(plan, [grantType]).map(({ values }) => Grant.parse(values));

async function untilGrantsWork(context: DeployContext, grants: readonly Grant[]): Promise<void> {
  const { clock } = context;
  const grantedMs = clock.nowMs();
  const missing = async () => {
    const seen = await Promise.all(grants.map(async (grant) => await isSeen(context, grant)));
    return grants.filter((_, index) => !seen[index]);
  };
  let left: readonly Grant[] = grants;
  const all = await waitUntil(clock, untilSeen, async () => {
    left = await missing();
    return left.length === 0 ? true : null;
  });
  if (all === null) {
    const [first] = left;
    throw new Stop(
      `${first?.member} has no ${first?.role} on the secret ${first?.secret_id}, though Terraform granted it. Does something else manage that secret's policy? Then run the same command again.`,
    );
  }
  detail(
    `accounts may read their secrets; giving Google ${propagationMs / 60_000} minutes to know`,
  );
  await clock.wait(propagationMs - (clock.nowMs() - grantedMs));
  done("access to secrets");
}

async function isSeen({ google, options }: DeployContext, grant: Grant): Promise<boolean> {
  const secret = grant.secret_id.split("/").at(-1) ?? "";
  const url = `https://secretmanager.googleapis.com/v1/projects/${options.project}/secrets/${secret}:getIamPolicy`;
  const answer = await google.ask(url, Policy);
  return (
    answer.ok &&
    answer.value.bindings.some(
      ({ role, members }) => role === grant.role && members.includes(grant.member),
    )
  );
}
