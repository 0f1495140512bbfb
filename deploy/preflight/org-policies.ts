/** Organisation policies that would break the deployment half-way. */
import * as z from "zod";
import {
  blocks,
  type CheckResult,
  enableCommand,
  explainRefusal,
  type Finding,
  type GoogleAt,
  isOff,
  note,
  unchecked,
} from "./check-result.ts";

const Values = z.object({
  allowedValues: z.array(z.string()).default([]),
  deniedValues: z.array(z.string()).default([]),
});
const Rule = z.object({
  values: Values.optional(),
  allowAll: z.boolean().optional(),
  denyAll: z.boolean().optional(),
  enforce: z.boolean().optional(),
});
const Policy = z.object({
  spec: z.object({ rules: z.array(Rule).default([]) }).default({ rules: [] }),
});
type Policy = z.output<typeof Policy>;

interface Constraint {
  readonly name: string;
  /** Values that must be allowed, each with its spellings; empty for a boolean policy. */
  readonly needs: readonly (readonly string[])[];
  /** What the deployment does that the policy forbids. */
  readonly breaks: string;
  /** Whether these options are affected at all. */
  readonly matters?: (context: GoogleAt) => boolean;
}

const usLocations = ["in:us-locations", "in:us-central1-locations", "us", "us-central1", "nam5"];

const constraints: readonly Constraint[] = [
  {
    name: "run.managed.requireInvokerIam",
    needs: [],
    breaks: "public functions are called without a Google identity: they check API keys themselves",
  },
  {
    name: "run.allowedIngress",
    needs: [["internal-and-cloud-load-balancing", "is:internal-and-cloud-load-balancing"]],
    breaks: "public functions take traffic from the load balancer",
    matters: ({ options }) => options.profile !== "trial",
  },
  {
    name: "run.allowedIngress",
    needs: [["all", "is:all"]],
    breaks: "a trial's services are called at their own addresses",
    matters: ({ options }) => options.profile === "trial",
  },
  {
    name: "run.allowedVPCEgress",
    needs: [["all-traffic", "is:all-traffic"]],
    breaks: "runners send all their traffic through the fenced network",
  },
  {
    name: "gcp.resourceLocations",
    needs: [usLocations],
    breaks: "everything lies in the US",
  },
  {
    name: "compute.restrictLoadBalancerCreationForTypes",
    needs: [
      ["GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "in:EXTERNAL"],
      ["INTERNAL_HTTP_HTTPS", "in:INTERNAL"],
    ],
    breaks: "one load balancer stands before the API, another before the gateways",
    matters: ({ options }) => options.profile !== "trial",
  },
  {
    name: "iam.disableServiceAccountCreation",
    needs: [],
    breaks: "every function has a service account of its own",
  },
  {
    name: "iam.workloadIdentityPoolProviders",
    needs: [["https://token.actions.githubusercontent.com"]],
    breaks: "GitHub's workflows deploy without a key",
    matters: ({ options }) => options.github !== null,
  },
  {
    name: "gcp.restrictNonCmekServices",
    needs: [["firestore.googleapis.com"], ["storage.googleapis.com"], ["run.googleapis.com"]],
    breaks: "data is encrypted with Google's keys unless encryption.customer_managed is true",
    matters: ({ options }) => !isCustomerManaged(options.variables.encryption),
  },
];

/** Whether `encryption` asks for keys of the project's own. */
export function isCustomerManaged(encryption: unknown): boolean {
  return z.object({ customer_managed: z.literal(true) }).safeParse(encryption).success;
}

export async function checkPolicies(context: GoogleAt): Promise<CheckResult> {
  const subject = "policies";
  const asked = constraints.filter(({ matters }) => matters === undefined || matters(context));
  const answers = await Promise.all(
    asked.map(async (constraint) => await checkConstraint(context, constraint)),
  );
  const off = answers.find((answer) => typeof answer === "object" && answer.kind === "unchecked");
  if (off && typeof off === "object") return { subject, found: "", findings: [off] };
  const findings = answers.filter((answer): answer is Finding => typeof answer === "object");
  const found = findings.length === 0 ? `none of ${asked.length} is in the way` : "";
  return { subject, found, findings };
}

async function checkConstraint(
  context: GoogleAt,
  constraint: Constraint,
): Promise<Finding | "fine"> {
  const { project } = context.options;
  const url = `https://orgpolicy.googleapis.com/v2/projects/${project}/policies/${constraint.name}:getEffectivePolicy`;
  const answer = await context.google.ask(url, Policy);
  if (!answer.ok) {
    if (isOff(answer)) {
      const what = "The organisation's policies are unknown: their service is off.";
      return unchecked(what, enableCommand(project, ["orgpolicy.googleapis.com"]));
    }
    // A project without an organisation has none, and older ones lack some constraints.
    if (answer.status === 404 || answer.status === 400) return "fine";
    return unchecked(`The organisation's policies are unknown: ${explainRefusal(answer)}.`);
  }
  if (!isInTheWay(constraint, answer.value)) return "fine";
  const what = `The policy ${constraint.name} forbids it: ${constraint.breaks}.`;
  const describe = `gcloud org-policies describe ${constraint.name} --project=${project} --effective`;
  const page = `https://console.cloud.google.com/iam-admin/orgpolicies/${constraint.name}?project=${project}`;
  if (constraint.name === "iam.workloadIdentityPoolProviders") return note(what, describe, page);
  return blocks(what, describe, page);
}

function isInTheWay({ needs }: Constraint, { spec }: Policy): boolean {
  if (needs.length === 0) return spec.rules.some(({ enforce }) => enforce === true);
  return needs.some((spellings) => !spec.rules.every((rule) => allows(rule, spellings)));
}

function allows(rule: z.output<typeof Rule>, spellings: readonly string[]): boolean {
  if (rule.denyAll === true) return false;
  const { allowedValues = [], deniedValues = [] } = rule.values ?? {};
  if (deniedValues.some((value) => spellings.includes(value))) return false;
  if (allowedValues.length === 0) return true;
  return allowedValues.some((value) => spellings.includes(value));
}
